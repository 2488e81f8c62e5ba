using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough.Sessions;

/// <summary>Represents a response that is known only from the objects of a client, not from HTTP bytes. Not
/// thread-safe. If it is never finished, it is recorded when it is collected, as if its reader had left.</summary>
internal sealed class ClientResponse
{
    private readonly BodyReadGuard _guard;
    private long _length;

    public ClientResponse(BodySettings settings, UsageContext context, IUsageParser parser, bool isStreamed, int? httpStatusCode)
    {
        var known = new KnownAnswer(parser, isStreamed ? AnswerForm.ClientUpdates : AnswerForm.ClientAnswer);
        var body = new TrackedBody(settings, context, httpStatusCode, contentLength: null, contentEncoding: null, headers: null, known)
        {
            ReadsClientObjects = true,
        };
        _guard = new BodyReadGuard(body, drainer: null);
        body.Begin();
    }

    /// <summary>Gets whether the input tokens were reported so far.</summary>
    public bool IsInputReported { get; private set; }

    /// <summary>Reads one of the client's objects as the parser's JSON, which is valid only during the call.</summary>
    public void Receive(ReadOnlySpan<byte> utf8Message)
    {
        _guard.Body.Receive(_length, utf8Message);
        _length += utf8Message.Length;
        IsInputReported = _guard.Body.Events.IsInputReported;
    }

    /// <summary>Adds the request, from which the input is estimated if it is not reported.</summary>
    public void AddRequest(ReadOnlyMemory<byte> utf8Json) =>
        _guard.Body.FillIn(new UsageContext { RequestBody = utf8Json }, utf8Json.Length, requestBodyCopy: null);

    public void Finish(StreamEnd end, Exception? fault = null) => _guard.Finish(end, fault);
}
