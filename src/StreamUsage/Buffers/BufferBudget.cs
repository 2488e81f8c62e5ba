namespace StreamUsage.Buffers;

/// <summary>What all responses of a tracker may keep together, in bytes. Asked when a buffer outgrows
/// <see cref="FreeBytes"/> and each time it doubles from there, so that the counter is no contended one.</summary>
internal sealed class BufferBudget(long limit)
{
    /// <summary>What a buffer of a response holds without asking.</summary>
    public const int FreeBytes = 4 * 1024;

    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes so many bytes more; false, and nothing taken, where there are not so many left.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    /// <summary>Takes so many bytes more, whatever is left: what others may keep becomes less.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
