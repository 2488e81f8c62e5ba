using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough.Sessions;

/// <summary>Represents a response that only a client's objects describe, and its record. Not thread-safe. One that is
/// never finished is recorded when it is collected, as if its reader had left.</summary>
internal sealed class ClientResponse
{
    private readonly AbandonmentGuard _guard;
    private long _length;

    public ClientResponse(BodySettings settings, UsageContext context, IUsageParser parser, bool isStreamed, int? httpStatusCode)
    {
        var known = new KnownAnswer(parser, isStreamed ? AnswerForm.ClientUpdates : AnswerForm.ClientAnswer);
        var body = new TrackedBody(settings, context, httpStatusCode, contentLength: null, contentEncoding: null, headers: null, known)
        {
            ReadsClientObjects = true,
        };
        _guard = new AbandonmentGuard(body, drainer: null);
        body.Begin();
    }

    /// <summary>Gets whether the client reported the input.</summary>
    public bool IsInputReported { get; private set; }

    /// <summary>Reads one of the parser's messages, which is valid only during the call.</summary>
    public void Receive(ReadOnlySpan<byte> utf8Message)
    {
        _guard.Body.Receive(_length, utf8Message);
        _length += utf8Message.Length;
        IsInputReported = _guard.Body.Events.IsInputReported;
    }

    /// <summary>Adds the request, from which unreported input is estimated.</summary>
    public void AddRequest(ReadOnlyMemory<byte> utf8Json) =>
        _guard.Body.FillIn(new UsageContext { RequestBody = utf8Json }, utf8Json.Length, requestBodyCopy: null);

    public void Finish(StreamEnd end, Exception? fault = null) => _guard.Finish(end, fault);
}
