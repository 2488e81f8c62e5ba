using System.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Keeps the data of events, whole ones only: the first that does not fit is left out, and so are all after
/// it.</summary>
internal sealed class EventCapture(CaptureAllowance allowance)
{
    // What an event takes beside its data: its end, and in the record the string and its place in the list.
    private const int EventBytes = 48;

    private readonly List<int> _ends = [];
    private PooledBuffer _data;
    private bool _isFull;

    /// <summary>Whether something was left out.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Keeps an event's data.</summary>
    /// <param name="data">The data.</param>
    /// <param name="isReduced">Whether it is what is left of an event that was too large to keep.</param>
    public void Add(ReadOnlySpan<byte> data, bool isReduced)
    {
        IsTruncated |= isReduced;
        if (_isFull || !allowance.TryTake(data.Length + EventBytes))
        {
            _isFull = IsTruncated = true;
            return;
        }

        _data.Append(data);
        _ends.Add(_data.Length);
    }

    /// <summary>An event was too large to keep anything of.</summary>
    public void Skip() => IsTruncated = true;

    public IReadOnlyList<string> ToList()
    {
        var events = new string[_ends.Count];
        int start = 0;
        for (int i = 0; i < events.Length; i++)
        {
            events[i] = Encoding.UTF8.GetString(_data.Span[start.._ends[i]]);
            start = _ends[i];
        }

        return events;
    }

    public void Release() => _data.Release();
}
