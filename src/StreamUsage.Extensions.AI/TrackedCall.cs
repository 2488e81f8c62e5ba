using Microsoft.Extensions.Logging;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Recording;

namespace StreamUsage.Extensions.AI;

/// <summary>Represents one call of a client and its record. It makes no record if an inner handler or client with the
/// same sink tracks the response. Its members never throw.</summary>
internal sealed class TrackedCall : IDisposable
{
    private readonly UsageTracker _tracker;
    private readonly ClientMessageParser _parser;
    private readonly UsageContext _context;
    private readonly UsageScope.CallScope _scope;
    private readonly Func<ReadOnlyMemory<byte>> _getRequest;
    private readonly ILogger? _logger;
    private readonly bool _isStreamed;
    private ClientMessages? _messages;
    private ClientResponse? _response; // Null until the client answers, and if the response is tracked inside.
    private bool _isEnded;

    public TrackedCall(
        UsageTracker tracker,
        ClientMessageParser parser,
        UsageContext context,
        bool isStreamed,
        string? model,
        string? provider,
        Func<ReadOnlyMemory<byte>> getRequest,
        ILogger? logger)
    {
        _tracker = tracker;
        _parser = parser;
        _isStreamed = isStreamed;
        _getRequest = getRequest;
        _logger = logger;
        _scope = UsageScope.BeginCall(context, tracker.BodySettings);
        _context = context with
        {
            Model = context.Model ?? model,
            Provider = context.Provider ?? provider,
            RequestStartedAt = context.RequestStartedAt ?? tracker.Time.GetUtcNow(),
        };
    }

    /// <summary>Returns the call's context: the attached one, filled in from the callback's and then from the ambient
    /// one.</summary>
    public static UsageContext Combine<TOptions>(
        UsageContext? attached, Func<TOptions?, UsageContext?>? callback, TOptions? options, string callbackName, ILogger? logger)
    {
        UsageContext context = attached ?? UsageContext.Empty;
        try
        {
            context = callback?.Invoke(options) is { } returned ? context.FillIn(returned) : context;
        }
        catch (Exception fault)
        {
            if (logger is not null)
            {
                Log.ContextFailed(logger, callbackName, fault);
            }
        }

        return UsageScope.Current is { } ambient ? context.FillIn(ambient) : context;
    }

    /// <summary>Enters the scope in which the client sends its requests.</summary>
    public UsageScope.Entry Enter() => _scope.Enter();

    /// <summary>Reads a part of the answer, or all of it.</summary>
    public void Receive<T>(Action<ClientMessages, T> write, T answer)
    {
        if (_isEnded)
        {
            return;
        }

        if (_scope.IsTracked)
        {
            // An earlier part of the answer, if any, came from a client that nobody else tracks.
            _response?.Finish(StreamEnd.EndOfBody);
            _isEnded = true;
            return;
        }

        _response ??= _tracker.Responses.TrackClient(_context, _parser, _isStreamed, httpStatusCode: null);
        try
        {
            _messages ??= new ClientMessages();
            write(_messages, answer);
            _response.Receive(_messages.Take());
            LogFault(_messages.Fault);
        }
        catch (Exception fault)
        {
            LogFault(fault); // The messages stay: they hold the usage so far, and the next one begins anew.
        }
    }

    /// <summary>Records that the client's answer has ended.</summary>
    public void Complete() => End(StreamEnd.EndOfBody, fault: null);

    /// <summary>Records that the client failed.</summary>
    public void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (_isEnded || _response is not null)
        {
            bool hasLeft = fault is OperationCanceledException && cancellationToken.IsCancellationRequested;
            End(hasLeft ? StreamEnd.ReaderLeft : StreamEnd.Broke, fault);
            return;
        }

        _isEnded = true;
        if (_scope.IsTracked)
        {
            return;
        }

        if (fault is HttpRequestException { StatusCode: { } status } && (int)status >= 400)
        {
            _tracker.Responses.TrackClient(_context, _parser, _isStreamed, (int)status).Finish(StreamEnd.Broke, fault);
            return;
        }

        bool mayHaveRun = MayHaveRun(fault);
        _tracker.RecordFailure(mayHaveRun ? _context with { RequestBody = GetRequest() } : _context, fault, mayHaveRun);
    }

    /// <summary>Ends the call. If it did not end before, its reader has left.</summary>
    public void Dispose()
    {
        if (_response is null)
        {
            _isEnded = true; // The client was never called, or an inner client tracks it.
        }

        End(StreamEnd.ReaderLeft, fault: null);
        _scope.Dispose();
        _messages?.Dispose();
    }

    private void End(StreamEnd end, Exception? fault)
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        if (_response is null)
        {
            if (_scope.IsTracked)
            {
                return;
            }

            _response = _tracker.Responses.TrackClient(_context, _parser, _isStreamed, httpStatusCode: null);
        }

        if (!_response.IsInputReported || _tracker.RecordSettings.CapturesRequestBody)
        {
            _response.AddRequest(GetRequest());
        }

        _response.Finish(end, fault);
    }

    private void LogFault(Exception? fault)
    {
        if (fault is not null && _logger is not null)
        {
            Log.AnswerNotRead(_logger, _context.Model, fault);
        }
    }

    private ReadOnlyMemory<byte> GetRequest()
    {
        try
        {
            return _getRequest();
        }
        catch (Exception)
        {
            return default; // The caller changed the messages meanwhile.
        }
    }

    // After a timeout or a cancellation, the provider may have begun to answer. Other faults mean that it was not
    // reached or refused the request, so nothing was billed.
    private static bool MayHaveRun(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (fault is OperationCanceledException or TimeoutException)
            {
                return true;
            }
        }

        return false;
    }
}
