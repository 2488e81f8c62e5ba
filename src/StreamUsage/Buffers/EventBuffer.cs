namespace StreamUsage.Buffers;

/// <summary>Represents the data of an event that comes in several pieces. It is buffered up to a limit and within a
/// budget, else passed to the large-event reader. A mutable struct: never copy it.</summary>
internal struct EventBuffer(long maxBytes, ILargeEventReader? largeEvents)
{
    private readonly int _maxBytes = (int)Math.Min(maxBytes, Array.MaxLength);
    private BudgetedBuffer _kept = new(largeEvents?.Budget);

    public readonly int MaxBytes => _maxBytes;

    /// <summary>Gets whether the event exceeded the limit or the budget, and went to the large-event reader.</summary>
    public bool IsLarge { get; private set; }

    public readonly int Length => _kept.Length;

    public readonly ReadOnlySpan<byte> Span => _kept.Span;

    public readonly ReadOnlyMemory<byte> Memory => _kept.Memory;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!IsLarge)
        {
            if ((long)_kept.Length + bytes.Length <= _maxBytes && _kept.TryAppend(bytes))
            {
                return;
            }

            IsLarge = true;
            largeEvents?.Begin();
            largeEvents?.Append(_kept.Span);
            Release();
        }

        largeEvents?.Append(bytes);
    }

    /// <summary>Clears the buffer for the next event, and returns its share of the budget.</summary>
    public void Clear()
    {
        IsLarge = false;
        _kept.Clear();
    }

    public void Release() => _kept.Release();
}
