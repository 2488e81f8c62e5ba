namespace StreamUsage.Buffers;

/// <summary>Represents the bytes that all responses of a tracker may keep. A buffer asks when it exceeds
/// <see cref="FreeBytes"/>, and then each time it doubles, to avoid contention.</summary>
internal sealed class BufferBudget(long limit)
{
    /// <summary>The size that a buffer may have without asking.</summary>
    public const int FreeBytes = 4 * 1024;

    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes bytes from the budget. Returns false, and takes none, if too few are left. Until the refused
    /// bytes are returned, other buffers may be refused too. Their events are then read as large ones.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    /// <summary>Takes bytes from the budget even if too few are left.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
