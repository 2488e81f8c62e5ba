using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough.Sessions;

/// <summary>Represents an open response of a session: its messages and its record.</summary>
internal sealed class SessionResponse
{
    private readonly AbandonmentGuard _guard;

    public SessionResponse(
        BodySettings settings, UsageContext context, IUsageParser parser, ReadOnlySpan<byte> id, ReadOnlySpan<byte> lane,
        bool isTranscription)
    {
        var body = new TrackedBody(settings, context, httpStatusCode: null, contentLength: null, contentEncoding: null, headers: null,
            known: new KnownAnswer(parser, AnswerForm.Messages));
        _guard = new AbandonmentGuard(body, drainer: null);
        Tracking = new UsageTracking(body);
        Id = id.ToArray();
        Lane = lane.ToArray();
        IsTranscription = isTranscription;
        body.Begin();
    }

    public UsageTracking Tracking { get; }

    public byte[] Id { get; }

    public byte[] Lane { get; }

    public bool IsTranscription { get; }

    /// <summary>Gets or sets whether the end was announced, and only the usage is missing.</summary>
    public bool IsEnding { get; set; }

    public bool HasUsage { get; set; }

    public void Receive(ReadOnlySpan<byte> utf8Message) => _guard.Body.Receive(_guard.Body.BytesReceived, utf8Message);

    public UsageTracking Finish(StreamEnd end, Exception? fault = null)
    {
        _guard.Finish(end, fault);
        return Tracking;
    }
}
