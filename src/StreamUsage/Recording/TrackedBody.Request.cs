using StreamUsage.Estimation.Requests;

namespace StreamUsage.Recording;

/// <content>Holds the request's data.</content>
internal sealed partial class TrackedBody
{
    private UsageContext _context;
    private bool _isModelKnown;

    /// <summary>Gets the redacted context, copied at the start because the caller's headers may change.</summary>
    /// <remarks>A missing model is read from the request body when it is first needed, never while bytes
    /// pass.</remarks>
    public UsageContext Context
    {
        get
        {
            if (!Volatile.Read(ref _isModelKnown))
            {
                FindModel();
            }

            return _context;
        }
    }

    public ReadOnlyMemory<byte> RequestBody { get; private set; }

    /// <summary>Gets or sets the length of the request body, which may be known even if the body was not
    /// kept.</summary>
    public long RequestBodyLength { get; set; }

    /// <summary>Gets the id of the stored answer that this response shows; null if it creates one. Such a response has
    /// a record only if it is the one that bills the answer.</summary>
    public string? StoredAnswerId { get; init; }

    /// <summary>Attributes a stored answer to the request that created it.</summary>
    /// <param name="origin">The context of that request.</param>
    public void AttributeTo(UsageContext origin)
    {
        using (_gate.Enter())
        {
            UsageContext shown = _context;
            _context = (origin with { AttemptId = shown.AttemptId, RequestStartedAt = shown.RequestStartedAt, RequestBody = default })
                .FillIn(shown);
        }
    }

    /// <summary>Fills empty members of the context from another caller's context.</summary>
    /// <param name="context">The other context.</param>
    /// <param name="requestBodyLength">The length of its request body.</param>
    /// <param name="requestBodyCopy">The copy that holds its request body, disposed if it is not needed; null for the
    /// caller's memory.</param>
    public void FillIn(UsageContext context, long requestBodyLength, IDisposable? requestBodyCopy)
    {
        UsageContext redacted = Settings.Redaction.Redact(context);
        using (_gate.Enter())
        {
            if (_isEnded)
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
                RequestBody = context.RequestBody;
                RequestBodyLength = requestBodyLength;
                (RequestBodyCopy, requestBodyCopy) = (requestBodyCopy, RequestBodyCopy);
            }

            requestBodyCopy?.Dispose();

            _context = _context.FillIn(redacted);
            _isModelKnown = _context.Model is not null || RequestBody.IsEmpty;
        }
    }

    /// <summary>Returns a copy of the request body; empty if it was not kept.</summary>
    public ReadOnlyMemory<byte> CopyRequestBody()
    {
        using (_gate.Enter())
        {
            return RequestBody.ToArray();
        }
    }

    /// <summary>Gets whether the model must still be read from the request body.</summary>
    public bool NeedsModel => !Volatile.Read(ref _isModelKnown);

    /// <summary>Releases the request body from the start, which has been read.</summary>
    public void EndStart()
    {
        using (_gate.Enter())
        {
            IsStartPending = false;
            ReleaseReportedRequest();
        }
    }

    private void ReleaseReportedRequest()
    {
        if (!RequestBody.IsEmpty && _isModelKnown && !IsStartPending && Events.IsInputReported && !Settings.CapturesRequestBody)
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
            model = RequestHead.FindModel(body.Span[..Math.Min(body.Length, Settings.MaxRequestBodyBytes)]);
        }
        catch (Exception)
        {
            // The body is malformed or gone: the model stays unknown.
        }

        using (_gate.Enter())
        {
            if (!_isModelKnown)
            {
                _context = model is null || _context.Model is not null ? _context : _context with { Model = model };
                Volatile.Write(ref _isModelKnown, true);
                ReleaseReportedRequest();
            }
        }
    }
}
