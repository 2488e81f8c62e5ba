using StreamUsage.Parsing;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>Tracks the responses on one socket: OpenAI Realtime, OpenAI Responses over a WebSocket, and Gemini Live.
/// Each response has a record, and so has each transcription of the user's speech. See
/// <see cref="UsageTracker.TrackMessages"/>.</summary>
/// <remarks>Each message is recognized by itself, and none is kept. The members must not be called concurrently. If the
/// session is neither completed nor disposed, its open responses are recorded when they are collected, as if their
/// reader had left.</remarks>
public sealed class UsageSession : IDisposable
{
    // Bounds the memory; no server opens as many at once. Beyond it, the oldest response is recorded.
    private const int MaxResponses = 64;

    private readonly UsageTracker _tracker;
    private readonly UsageContext _context;
    private readonly List<SessionResponse> _open = [];
    private string? _model, _transcriptionModel;
    private bool _isClosed;

    internal UsageSession(UsageTracker tracker, UsageContext context)
    {
        _tracker = tracker;
        _context = context with { RequestStartedAt = null }; // A response starts long after the session.
    }

    /// <summary>Reads a server message: one whole JSON object. Ignores other data and messages of no response. Never
    /// throws for the message.</summary>
    /// <param name="utf8Message">The message in UTF-8, valid only during the call.</param>
    /// <returns>The handle of the response that the message ended, the latest if it ended two; null if it ended none.
    /// Its response has ended, so <see cref="UsageTracking.Fail"/> returns false.</returns>
    public UsageTracking? Receive(ReadOnlySpan<byte> utf8Message)
    {
        if (_isClosed || !SessionMessage.TryRead(utf8Message, out SessionMessage message))
        {
            return null;
        }

        if (!message.IsOpenAI)
        {
            return message.IsOfTurn ? ReceiveTurn(message, utf8Message) : null;
        }

        message.ReadModels(ref _model, ref _transcriptionModel);
        return message.IsOfResponse || message.IsOfTranscription ? ReceiveResponse(message, utf8Message) : null;
    }

    /// <summary>Reports that the socket was closed. Open responses are recorded as interrupted, unless only their usage
    /// was missing. Further calls do nothing.</summary>
    /// <param name="exception">The error that broke the socket; null if it was closed in order.</param>
    public void Complete(Exception? exception = null) =>
        Close(exception is null ? StreamEnd.EndOfBody : StreamEnd.Broke, exception);

    /// <summary>Records open responses as aborted by the reader, unless <see cref="Complete"/> was called
    /// before.</summary>
    public void Dispose() => Close(StreamEnd.ReaderLeft, null);

    private UsageTracking? ReceiveResponse(SessionMessage message, ReadOnlySpan<byte> utf8Message)
    {
        bool isTranscription = message.IsOfTranscription;
        ReadOnlySpan<byte> id = isTranscription ? message.ItemId : message.ResponseId;
        SessionResponse? response = Find(id, message.Lane, isTranscription);
        if (response is null)
        {
            if (!isTranscription && id.IsEmpty)
            {
                return null; // An error of the session, not of a response.
            }

            // The context names the model of responses. Transcriptions have another one, which only the session names.
            string? model = isTranscription ? _transcriptionModel ?? _context.Model : _context.Model ?? _model;
            IUsageParser parser = message.IsRealtime || isTranscription ? ParserSet.Realtime : ParserSet.ResponsesSession;
            response = Open(_context with { Model = model }, parser, id, message.Lane, isTranscription);
        }

        response.Receive(utf8Message);
        return message.IsEnd ? End(response) : null;
    }

    // A turn has no id. It ends when its end and its usage have arrived, or when the next turn begins. An interrupted
    // turn waits for the usage that follows. Usage alone begins no turn: it repeats the usage of the turn before.
    private UsageTracking? ReceiveTurn(SessionMessage message, ReadOnlySpan<byte> utf8Message)
    {
        UsageTracking? ended = null;
        SessionResponse? turn = _open.Count == 0 ? null : _open[0];
        if (turn is { IsEnding: true } && message.HasTurnContent)
        {
            ended = End(turn);
            turn = null;
        }

        if (turn is null && !message.HasTurnContent)
        {
            return ended;
        }

        turn ??= Open(_context, ParserSet.Live, id: default, lane: default, isTranscription: false);
        turn.Receive(utf8Message);
        turn.HasUsage |= message.HasTurnUsage;
        turn.IsEnding |= message.IsTurnComplete || message.IsTurnInterrupted;
        return turn.IsEnding && turn.HasUsage && !message.IsTurnInterrupted ? End(turn) : ended;
    }

    // Messages without an id belong to the response of their lane: the stream_id of a socket with several concurrent
    // answers, which is empty on other sockets.
    private SessionResponse? Find(ReadOnlySpan<byte> id, ReadOnlySpan<byte> lane, bool isTranscription)
    {
        foreach (SessionResponse response in _open)
        {
            bool isIt = id.IsEmpty ? response.Lane.AsSpan().SequenceEqual(lane) : response.Id.AsSpan().SequenceEqual(id);
            if (isIt && response.IsTranscription == isTranscription)
            {
                return response;
            }
        }

        return null;
    }

    private SessionResponse Open(
        UsageContext context, IUsageParser parser, ReadOnlySpan<byte> id, ReadOnlySpan<byte> lane, bool isTranscription)
    {
        if (_open.Count == MaxResponses)
        {
            _open[0].Finish(StreamEnd.EndOfBody);
            _open.RemoveAt(0);
        }

        var response = new SessionResponse(_tracker.BodySettings, context, parser, id, lane, isTranscription);
        _open.Add(response);
        return response;
    }

    private UsageTracking End(SessionResponse response)
    {
        _open.Remove(response);
        return response.Finish(StreamEnd.EndOfBody);
    }

    private void Close(StreamEnd end, Exception? fault)
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        foreach (SessionResponse response in _open)
        {
            response.Finish(response.IsEnding ? StreamEnd.EndOfBody : end, fault);
        }

        _open.Clear();
    }
}
