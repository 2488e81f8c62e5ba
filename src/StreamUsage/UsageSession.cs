using StreamUsage.Parsing;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>
/// Tracks the responses on one socket, from the messages that the server sends: OpenAI Realtime, OpenAI Responses over
/// a WebSocket, and Gemini Live, which the first message tells apart. Each response gives one record, and so does
/// each transcription of what the user said, which is another model's. Made by <see
/// cref="UsageTracker.TrackMessages"/>.
/// </summary>
/// <remarks>
/// Messages are read where they lie and not kept. The session is for one reader: its members must not be called at the
/// same time. A session that is neither completed nor disposed is recorded when it is collected, as one whose
/// reader has left.
/// </remarks>
public sealed class UsageSession : IDisposable
{
    // More than any server opens at once. Beyond it the oldest is recorded as it is.
    private const int MaxResponses = 64;

    private readonly UsageTracker _tracker;
    private readonly UsageContext _context;
    private readonly List<SessionResponse> _open = [];
    private string? _model, _transcriptionModel;
    private bool _isClosed;

    internal UsageSession(UsageTracker tracker, UsageContext context)
    {
        _tracker = tracker;
        _context = context;
    }

    /// <summary>
    /// Reads a message that the server has sent: one whole JSON object. What is no such object, or of no response, says
    /// nothing. Never throws for what it reads.
    /// </summary>
    /// <param name="utf8Message">The message in UTF-8, valid during the call only.</param>
    /// <returns>The handle of the response that has ended with the message, whose record follows in <see
    /// cref="UsageTracking.Completion"/>; null where none has.</returns>
    public UsageTracking? Receive(ReadOnlySpan<byte> utf8Message)
    {
        if (_isClosed || !SessionMessage.TryRead(utf8Message, out SessionMessage message))
        {
            return null;
        }

        if (!message.IsTyped)
        {
            return message.IsOfTurn ? ReceiveTurn(message, utf8Message) : null;
        }

        message.ReadModels(ref _model, ref _transcriptionModel);
        return message.IsOfResponse || message.IsOfTranscription ? ReceiveResponse(message, utf8Message) : null;
    }

    /// <summary>
    /// The socket has been closed. Responses that had not ended are recorded as interrupted. Further calls do nothing.
    /// </summary>
    /// <param name="exception">What broke the socket; null where it was closed in order.</param>
    public void Complete(Exception? exception = null) => Close(exception is null ? StreamEnd.EndOfBody : StreamEnd.Broke, exception);

    /// <summary>
    /// The reader has left: responses that had not ended are recorded as aborted, unless <see cref="Complete"/> was
    /// called before.
    /// </summary>
    public void Dispose() => Close(StreamEnd.ReaderLeft, null);

    private UsageTracking? ReceiveResponse(SessionMessage message, ReadOnlySpan<byte> utf8Message)
    {
        bool isTranscription = message.IsOfTranscription;
        ReadOnlySpan<byte> id = isTranscription ? message.ItemId : message.ResponseId;
        SessionResponse? response = Find(id, message.Lane, isTranscription);
        if (response is null)
        {
            if (!message.IsOfTranscription && id.IsEmpty)
            {
                return null; // An error of the session itself.
            }

            string? model = isTranscription ? _transcriptionModel : _model;
            IUsageParser parser = message.IsRealtime || isTranscription ? ParserSet.Realtime : ParserSet.ResponsesSession;
            response = Open(_context with
            {
                Model = isTranscription ? model ?? _context.Model
                : _context.Model ?? model
            }, parser, id, message.Lane, isTranscription);
        }

        response.Receive(utf8Message);
        return message.IsEnd ? End(response) : null;
    }

    // A turn has no id. It ends where its last message says so, or with the usage that may follow that, or where the
    // next turn begins. Usage alone begins none: it repeats that of the turn before.
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

        var response = new SessionResponse(_tracker.Bodies, context, parser, id, lane, isTranscription);
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
