namespace StreamUsage.Http;

/// <summary>What is kept of a body while it is sent: all of it up to a limit; of a larger one its beginning, which names the model, and its length. An answer may come, and be described, while the body is still being sent.</summary>
internal sealed class SentBody
{
    private const int HeadBytes = 4096;

    private readonly object _gate = new();
    private readonly int _headBytes;
    private int _maxBytes;
    private byte[] _kept = [];
    private int _keptLength;
    private long _length;

    /// <summary>Begins.</summary>
    /// <param name="maxBytes">The most that is kept.</param>
    /// <param name="expectedLength">How long the body will be; null where that is not known. Of one that will be too long no more than the beginning is ever kept.</param>
    public SentBody(int maxBytes, long? expectedLength)
    {
        _headBytes = Math.Min(HeadBytes, maxBytes);
        _maxBytes = expectedLength > maxBytes ? _headBytes : maxBytes;
    }

    /// <summary>What has been sent so far: how long it is, and its beginning; is that all of it?</summary>
    public (ReadOnlyMemory<byte> Kept, long Length, bool IsWhole) Read()
    {
        lock (_gate)
        {
            return (_kept.AsMemory(0, _keptLength), _length, _keptLength == _length);
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _length += bytes.Length;
            if (_length > _maxBytes && _maxBytes > _headBytes)
            {
                _maxBytes = _headBytes;
                _keptLength = Math.Min(_keptLength, _headBytes);
                Resize(_headBytes);
            }

            bytes = bytes[..Math.Min(bytes.Length, _maxBytes - _keptLength)];
            int needed = _keptLength + bytes.Length;
            if (needed > _kept.Length)
            {
                Resize((int)Math.Min(_maxBytes, Math.Max(needed, 2L * _kept.Length)));
            }

            bytes.CopyTo(_kept.AsSpan(_keptLength));
            _keptLength = needed;
        }
    }

    // What was read before stays as it was: it is never written to again.
    private void Resize(int length)
    {
        byte[] kept = new byte[length];
        _kept.AsSpan(0, _keptLength).CopyTo(kept);
        _kept = kept;
    }
}
