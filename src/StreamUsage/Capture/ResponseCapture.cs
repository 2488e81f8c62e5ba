using StreamUsage.Accounting;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>What is kept of one response where the options ask for it: its message, its events, or both, out of one
/// allowance.</summary>
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

    /// <summary>Null where nothing of the body is to be kept.</summary>
    public static ResponseCapture? Create(CapturedContent content, long limit, BufferBudget? budget) =>
        (content & (CapturedContent.Message | CapturedContent.Events)) == 0 ? null : new ResponseCapture(content, limit, budget);

    /// <summary>An event comes, and what a parser tells of it.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="isReduced">Whether that is what is left of an event that was too large to keep.</param>
    public void Begin(ReadOnlySpan<byte> data, bool isReduced)
    {
        _events?.Add(data, isReduced);
        if (Message is not null)
        {
            Message.IsReduced = isReduced;
        }
    }

    /// <summary>An event was too large to keep anything of.</summary>
    public void Skip()
    {
        _events?.Skip();
        Message?.Skip();
    }

    /// <summary>What was kept, beside the excerpt of a body that could not be read.</summary>
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
