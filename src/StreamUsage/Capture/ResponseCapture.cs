using StreamUsage.Accounting;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Captures a response's message, its events or both, within one allowance.</summary>
internal sealed class ResponseCapture
{
    private readonly CaptureAllowance _allowance;
    private readonly EventCapture? _events;

    private ResponseCapture(CapturedContent content, long limit, BufferBudget? budget)
    {
        _allowance = new CaptureAllowance(limit, budget);
        Message = content.HasFlag(CapturedContent.Message) ? new MessageCapture(_allowance) : null;
        _events = content.HasFlag(CapturedContent.Events) ? new EventCapture(_allowance) : null;
    }

    public MessageCapture? Message { get; }

    /// <summary>Creates the capture; null if no content is to be kept.</summary>
    public static ResponseCapture? Create(CapturedContent content, long limit, BufferBudget? budget) =>
        (content & (CapturedContent.Message | CapturedContent.Events)) == 0 ? null : new ResponseCapture(content, limit, budget);

    /// <summary>Begins an event. A parser then reports its contents.</summary>
    /// <param name="data">The event's data.</param>
    /// <param name="isReduced">Whether the data is a reduced copy of a large event.</param>
    public void Begin(ReadOnlySpan<byte> data, bool isReduced)
    {
        _events?.Add(data, isReduced);
        if (Message is not null)
        {
            Message.IsReduced = isReduced;
        }
    }

    /// <summary>Marks the capture as truncated by an event that is not read.</summary>
    public void Skip()
    {
        _events?.Skip();
        Message?.Skip();
    }

    /// <summary>Returns the captured content and the excerpt of an unreadable body.</summary>
    public CapturedResponse ToResponse(CapturedResponse? excerpt, in UsageAccumulator state, bool isRead) => new()
    {
        RawExcerpt = excerpt?.RawExcerpt,
        Message = isRead ? Message?.ToMessage(state) : null,
        Events = _events?.ToList(),
        Truncated = excerpt is { Truncated: true } || Message is { IsTruncated: true } || _events is { IsTruncated: true },
    };

    public void Release()
    {
        Message?.Release();
        _events?.Release();
        _allowance.Release();
    }
}
