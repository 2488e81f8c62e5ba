namespace StreamUsage.Buffers;

/// <summary>
/// The data of an event that comes in several pieces: kept up to a limit and within a budget, else given to the reader of large events. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct EventBuffer(long maxBytes, ILargeEventReader? largeEvents)
{
    private readonly int _maxBytes = (int)Math.Min(maxBytes, Array.MaxLength / 2);
    private BudgetedBuffer _kept = new(largeEvents?.Budget);

    /// <summary>The largest event that is kept.</summary>
    public readonly int MaxBytes => _maxBytes;

    /// <summary>Whether the event outgrew the limit or the budget: the reader of large events has it all.</summary>
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

    /// <summary>The next event begins. What was taken of the budget goes back.</summary>
    public void Clear()
    {
        IsLarge = false;
        _kept.Clear();
    }

    public void Release() => _kept.Release();
}
