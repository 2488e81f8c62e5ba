using System.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Captures the data of whole events. The first event that does not fit, and all after it, are left
/// out.</summary>
internal sealed class EventCapture(CaptureAllowance allowance)
{
    // The memory of an event besides its data: its end, the string object and its place in the list.
    private const int EventBytes = 48;

    private readonly List<int> _ends = [];
    private PooledBuffer _data;
    private bool _isFull;

    public bool IsTruncated { get; private set; }

    /// <summary>Adds an event's data.</summary>
    /// <param name="data">The data.</param>
    /// <param name="isReduced">Whether the data is a reduced copy of a large event.</param>
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

    /// <summary>Marks the capture as truncated by an event that is not added.</summary>
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
