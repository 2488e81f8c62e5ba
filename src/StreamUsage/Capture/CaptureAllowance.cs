using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>What may be kept of one response: so many bytes, and past the first few only what all responses together
/// have left.</summary>
internal sealed class CaptureAllowance(long limit, BufferBudget? budget)
{
    private long _used;
    private long _taken;

    /// <summary>Takes as many of so many bytes as there are left.</summary>
    public int Take(int wanted)
    {
        int length = (int)Math.Min(wanted, limit - _used);
        long needed = _used + length - BufferBudget.FreeBytes;
        if (needed > _taken && budget is not null)
        {
            long more = Math.Max(needed, 2 * _taken) - _taken;
            if (!budget.TryTake(more))
            {
                return 0;
            }

            _taken += more;
        }

        _used += length;
        return length;
    }

    /// <summary>Takes so many bytes or none.</summary>
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

    /// <summary>So many bytes are not kept any more.</summary>
    public void GiveBack(int bytes) => _used -= bytes;

    /// <summary>Nothing is kept any more.</summary>
    public void Release()
    {
        budget?.Return(_taken);
        _taken = 0;
        _used = 0;
    }
}
