using StreamUsage.Buffers;

namespace StreamUsage.Http;

/// <summary>Represents a copy of a request body, made while it is sent, up to a limit and within the budget. Of a
/// larger body it keeps the length and the beginning, which usually contains the model's name. Disposing it releases
/// the copy. Thread-safe: an answer may end while the body is still being sent.</summary>
internal sealed class SentBody : IDisposable
{
    private const int HeadBytes = BufferBudget.FreeBytes;

    private readonly object _gate = new();
    private readonly int _headBytes;
    private readonly int _expectedBytes; // 0 if the length is unknown or over the limit.
    private readonly BufferBudget? _budget;
    private int _maxBytes;
    private byte[] _kept = [];
    private int _keptLength;
    private int _taken;
    private long _length;
    private bool _isStopped;

    /// <summary>Creates a copy.</summary>
    /// <param name="maxBytes">The most bytes to keep.</param>
    /// <param name="expectedLength">The length of the body; null if unknown. Of a body over the limit, only the
    /// beginning is kept.</param>
    /// <param name="budget">The budget; null for none. If it refuses, the body is treated like one over the
    /// limit.</param>
    public SentBody(int maxBytes, long? expectedLength, BufferBudget? budget = null)
    {
        _headBytes = Math.Min(HeadBytes, maxBytes);
        _maxBytes = expectedLength > maxBytes ? _headBytes : maxBytes;
        _expectedBytes = expectedLength <= maxBytes ? (int)expectedLength.GetValueOrDefault() : 0;
        _budget = budget;
    }

    /// <summary>Returns the bytes kept, the length added so far, and whether all added bytes were kept.</summary>
    public (ReadOnlyMemory<byte> Kept, long Length, bool IsWhole) Read()
    {
        lock (_gate)
        {
            return (_kept.AsMemory(0, _keptLength), _length, _keptLength == _length);
        }
    }

    /// <summary>Ignores the bytes that follow.</summary>
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

    // Old and new array exist together during the copy, so both are charged.
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

    // Always a new array: memory handed out by Read must not change.
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
