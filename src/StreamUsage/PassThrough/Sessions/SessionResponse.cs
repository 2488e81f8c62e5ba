using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough.Sessions;

/// <summary>Represents an open response of a session: its messages and its record.</summary>
internal sealed class SessionResponse
{
    private readonly BodyReadGuard _guard;

    public SessionResponse(
        BodySettings settings, UsageContext context, IUsageParser parser, ReadOnlySpan<byte> id, ReadOnlySpan<byte> lane,
        bool isTranscription)
    {
        var body = new TrackedBody(settings, context, httpStatusCode: null, contentLength: null, contentEncoding: null, headers: null,
            known: new KnownAnswer(parser, AnswerForm.Messages));
        _guard = new BodyReadGuard(body, drainer: null);
        Tracking = new UsageTracking(body);
        Id = id.ToArray();
        Lane = lane.ToArray();
        IsTranscription = isTranscription;
        body.Begin();
    }

    public UsageTracking Tracking { get; }

    /// <summary>Gets the provider's id of the response, or of the transcribed item; empty if none.</summary>
    public byte[] Id { get; }

    /// <summary>Gets the lane of a socket with several concurrent answers; empty if it has one.</summary>
    public byte[] Lane { get; }

    public bool IsTranscription { get; }

    /// <summary>Gets or sets whether the end of a turn has arrived. Its usage may still follow.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Gets or sets whether the usage of a turn has arrived.</summary>
    public bool HasUsage { get; set; }

    public void Receive(ReadOnlySpan<byte> utf8Message) => _guard.Body.Receive(_guard.Body.BytesReceived, utf8Message);

    public UsageTracking Finish(StreamEnd end, Exception? fault = null)
    {
        _guard.Finish(end, fault);
        return Tracking;
    }
}
