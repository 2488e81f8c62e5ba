using StreamUsage.Estimation.Requests;

namespace StreamUsage.Recording;

/// <content>Holds the request: its context, its body and its model.</content>
internal sealed partial class TrackedBody
{
    private UsageContext _context;
    private bool _isModelSettled; // False while the request body must still be searched for the model.

    /// <summary>Gets the redacted context, copied at the start because the caller's headers may change.</summary>
    /// <remarks>A missing model is read from the request body when it is first needed, never while bytes
    /// pass.</remarks>
    public UsageContext Context
    {
        get
        {
            if (NeedsModel)
            {
                FindModel();
            }

            return _context;
        }
    }

    /// <summary>Gets whether the model must still be read from the request body.</summary>
    public bool NeedsModel => !Volatile.Read(ref _isModelSettled);

    /// <summary>Gets the request body; empty if it was not given, was not kept or was released.</summary>
    public ReadOnlyMemory<byte> RequestBody { get; private set; }

    /// <summary>Gets or sets the length from which the input can be estimated: of the whole body, even if it was not
    /// kept; 0 for an upload.</summary>
    public long RequestBodyLength { get; set; }

    /// <summary>Sets what to dispose when <see cref="RequestBody"/> is no longer needed; null for the caller's
    /// memory.</summary>
    public IDisposable? RequestBodyCopy { private get; set; }

    /// <summary>Gets where the request went; null if unknown.</summary>
    public Uri? RequestUri { get; init; }

    /// <summary>Gets whether the request fetched a stored answer that the handler did not identify. It has a record,
    /// but telemetry counts no tokens for it.</summary>
    public bool IsFetch { get; init; }

    /// <summary>Gets the id of the stored answer that the handler's request fetched or canceled; null for any other
    /// response. A response with an id has a record only if it bills a background answer.</summary>
    public string? StoredAnswerId { get; init; }

    /// <summary>Attributes a background answer to the request that created it.</summary>
    /// <param name="origin">The context of that request.</param>
    public void AttributeTo(UsageContext origin)
    {
        using (_gate.Enter())
        {
            // The ids and times stay those of the fetch; everything else is the creating request's.
            UsageContext fetch = _context;
            _context = (origin with { AttemptId = fetch.AttemptId, RequestStartedAt = fetch.RequestStartedAt, RequestBody = default })
                .FillIn(fetch);
        }
    }

    /// <summary>Fills empty members of the context from one that was given later.</summary>
    /// <param name="context">The other context.</param>
    /// <param name="requestBodyLength">The length of its request body.</param>
    /// <param name="requestBodyCopy">The copy that holds its request body, disposed if it is not needed; null for the
    /// caller's memory.</param>
    public void FillIn(UsageContext context, long requestBodyLength, IDisposable? requestBodyCopy)
    {
        UsageContext redacted = Settings.Options.Redaction.Redact(context);
        using (_gate.Enter())
        {
            if (_stage == Stage.Ended)
            {
                requestBodyCopy?.Dispose();
                return;
            }

            if (_context.ApiFormat == ApiFormat.Auto)
            {
                Events.SetFormat(context.ApiFormat);
            }

            if (_context.RequestStartedAt is null && context.RequestStartedAt is { } startedAt)
            {
                _times.StartAt(startedAt);
            }

            if (RequestBodyLength == 0)
            {
                // The old copy, or the new one if it is not needed, is disposed below.
                RequestBody = context.RequestBody;
                RequestBodyLength = requestBodyLength;
                (RequestBodyCopy, requestBodyCopy) = (requestBodyCopy, RequestBodyCopy);
            }

            requestBodyCopy?.Dispose();

            _context = _context.FillIn(redacted);
            _isModelSettled = _context.Model is not null || RequestBody.IsEmpty;
        }
    }

    /// <summary>Returns a copy of the request body; empty if it was not kept, or the caller's memory is gone.</summary>
    public ReadOnlyMemory<byte> CopyRequestBody()
    {
        using (_gate.Enter())
        {
            try
            {
                return RequestBody.ToArray();
            }
            catch (Exception)
            {
                return default;
            }
        }
    }

    /// <summary>Notes that the dispatcher no longer needs the request body for the start.</summary>
    public void EndBegin()
    {
        using (_gate.Enter())
        {
            IsBeginQueued = false;
            ReleaseReportedRequest();
        }
    }

    /// <summary>Releases the request body. Its length stays known.</summary>
    public void ReleaseRequestBody()
    {
        using (_gate.Enter())
        {
            RequestBody = default;
            RequestBodyCopy?.Dispose();
            RequestBodyCopy = null;
        }
    }

    // Once the input is reported, only the start, the search for the model and the capture need the request body.
    private void ReleaseReportedRequest()
    {
        if (!RequestBody.IsEmpty && _isModelSettled && !IsBeginQueued && Events.IsInputReported && !Settings.Options.CapturesRequestBody)
        {
            ReleaseRequestBody();
        }
    }

    private void FindModel()
    {
        ReadOnlyMemory<byte> body = RequestBody;
        string? model = null;
        try
        {
            model = RequestHead.FindModel(body.Span[..Math.Min(body.Length, Settings.Options.MaxRequestBodyBytes)]);
        }
        catch (Exception)
        {
            // The body is malformed or gone: the model stays unknown.
        }

        using (_gate.Enter())
        {
            if (!_isModelSettled)
            {
                _context = model is null || _context.Model is not null ? _context : _context with { Model = model };
                Volatile.Write(ref _isModelSettled, true);
                ReleaseReportedRequest();
            }
        }
    }
}
