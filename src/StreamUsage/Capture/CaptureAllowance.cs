using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Represents how many bytes may be kept of one response, within the budget of all responses.</summary>
internal sealed class CaptureAllowance(long limit, BufferBudget? budget)
{
    private long _used;
    private long _taken;

    /// <summary>Takes up to <paramref name="wanted"/> bytes. Returns the number taken.</summary>
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

    public void GiveBack(int bytes) => _used -= bytes;

    public void Release()
    {
        budget?.Return(_taken);
        _taken = 0;
        _used = 0;
    }
}
