using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Represents the capture limit of one response, within the budget of all responses.</summary>
internal sealed class CaptureAllowance(long limit, BufferBudget? budget)
{
    private long _used;
    private long _reserved; // Taken from the budget.

    /// <summary>Takes up to <paramref name="wanted"/> bytes. Returns the number taken: 0 if the budget is used
    /// up.</summary>
    public int Take(int wanted)
    {
        int length = (int)Math.Min(wanted, limit - _used);
        long needed = _used + length - BufferBudget.FreeBytes;
        if (needed > _reserved && budget is not null)
        {
            long more = Math.Max(needed, 2 * _reserved) - _reserved;
            if (!budget.TryTake(more))
            {
                return 0;
            }

            _reserved += more;
        }

        _used += length;
        return length;
    }

    /// <summary>Takes <paramref name="wanted"/> bytes or none.</summary>
    public bool TryTake(int wanted)
    {
        if (wanted > limit - _used)
        {
            return false;
        }

        int length = Take(wanted);
        GiveBack(length == wanted ? 0 : length);
        return length == wanted;
    }

    /// <summary>Returns bytes that were taken, for later use by the same response.</summary>
    public void GiveBack(int bytes) => _used -= bytes;

    /// <summary>Returns all bytes to the budget.</summary>
    public void Release()
    {
        budget?.Return(_reserved);
        _reserved = 0;
        _used = 0;
    }
}
