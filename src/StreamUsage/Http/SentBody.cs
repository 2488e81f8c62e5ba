using StreamUsage.Buffers;

namespace StreamUsage.Http;

/// <summary>A copy of a request's body, made while the body is sent: all of it up to a limit and within the budget. Of
/// any other body it keeps the beginning, which names the model, and the length. Disposing it lets the copy go. Safe
/// from any thread: an answer may come, and end, while the body is still being sent.</summary>
internal sealed class SentBody : IDisposable
{
    private const int HeadBytes = BufferBudget.FreeBytes;

    private readonly object _gate = new();
    private readonly int _headBytes;
    private readonly int _expectedBytes; // 0 where the length is not known, or over the limit.
    private readonly BufferBudget? _budget;
    private int _maxBytes;
    private byte[] _kept = [];
    private int _keptLength;
    private int _taken;
    private long _length;
    private bool _isStopped;

    /// <summary>Begins a copy.</summary>
    /// <param name="maxBytes">The most that is kept.</param>
    /// <param name="expectedLength">How long the body will be; null where that is not known. Of one that will be too
    /// long no more than the beginning is ever kept.</param>
    /// <param name="budget">What the copy counts against; null for no budget. Where it refuses, the body is kept like
    /// one that is too long.</param>
    public SentBody(int maxBytes, long? expectedLength, BufferBudget? budget = null)
    {
        _headBytes = Math.Min(HeadBytes, maxBytes);
        _maxBytes = expectedLength > maxBytes ? _headBytes : maxBytes;
        _expectedBytes = expectedLength <= maxBytes ? (int)expectedLength.GetValueOrDefault() : 0;
        _budget = budget;
    }

    /// <summary>What has been sent so far: how long it is, and its beginning; is that all of it?</summary>
    public (ReadOnlyMemory<byte> Kept, long Length, bool IsWhole) Read()
    {
        lock (_gate)
        {
            return (_kept.AsMemory(0, _keptLength), _length, _keptLength == _length);
        }
    }

    /// <summary>Keeps nothing of what is sent from now on.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _length += bytes.Length;
            if (_length > _maxBytes)
            {
                KeepHeadOnly();
            }

            Keep(bytes[..Math.Min(bytes.Length, _maxBytes - _keptLength)]);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            _kept = [];
            _keptLength = 0;
            ReturnTaken();
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        int needed = _keptLength + bytes.Length;
        if (needed > _kept.Length && !TryResize((int)Math.Min(_maxBytes, Math.Max(Math.Max(needed, _expectedBytes), 2L * _kept.Length))))
        {
            KeepHeadOnly();
            bytes = bytes[..Math.Min(bytes.Length, _maxBytes - _keptLength)];
            needed = _keptLength + bytes.Length;
            if (needed > _kept.Length)
            {
                Resize(_headBytes);
            }
        }

        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength = needed;
    }

    private void KeepHeadOnly()
    {
        _maxBytes = _headBytes;
        if (_kept.Length > _headBytes)
        {
            _keptLength = Math.Min(_keptLength, _headBytes);
            Resize(_headBytes);
            ReturnTaken();
        }
    }

    // The old array lives until its bytes are copied: both count for so long.
    private bool TryResize(int length)
    {
        bool isFree = length <= BufferBudget.FreeBytes;
        if (!isFree && _budget?.TryTake(length) == false)
        {
            return false;
        }

        Resize(length);
        ReturnTaken();
        _taken = isFree ? 0 : length;
        return true;
    }

    // What was read before stays as it was: it is never written to again.
    private void Resize(int length)
    {
        byte[] kept = new byte[length];
        _kept.AsSpan(0, _keptLength).CopyTo(kept);
        _kept = kept;
    }

    private void ReturnTaken()
    {
        _budget?.Return(_taken);
        _taken = 0;
    }
}
