using StreamUsage.Estimation.Requests;


namespace StreamUsage.Recording;

/// <content>What is known of the request.</content>
internal sealed partial class TrackedBody
{
    private UsageContext _context;
    private bool _isModelKnown;

    /// <summary>
    /// What the caller said, as it may be kept: taken at the start, because the caller's headers may change.
    /// </summary>
    /// <remarks>
    /// A model that was left out is looked for in the request's body when somebody first asks: never while bytes pass.
    /// </remarks>
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

    /// <summary>
    /// Bytes of the request's body, which may be known where the body itself was too large to be kept.
    /// </summary>
    public long RequestBodyLength { get; set; }

    /// <summary>Takes what another caller says of the same response, where the context is empty.</summary>
    public void FillIn(UsageContext context, long requestBodyLength)
    {
        UsageContext redacted = Settings.Redaction.Redact(context);
        using (_gate.Enter())
        {
            if (_isEnded)
            {
                return;
            }

            if (_context.ApiFormat == ApiFormat.Auto)
            {
                Events.Name(context.ApiFormat);
            }

            if (_context.RequestStartedAt is null && context.RequestStartedAt is { } startedAt)
            {
                _times.StartAt(startedAt);
            }

            if (RequestBodyLength == 0)
            {
                RequestBody = context.RequestBody;
                RequestBodyLength = requestBodyLength;
            }

            _context = _context.FillIn(redacted);
            _isModelKnown = _context.Model is not null || RequestBody.IsEmpty;
        }
    }

    /// <summary>Returns a copy of the request's body; empty where it was not kept.</summary>
    public ReadOnlyMemory<byte> CopyRequestBody()
    {
        using (_gate.Enter())
        {
            return RequestBody.ToArray();
        }
    }

    /// <summary>Gets whether the model is still to be looked for in the request's body.</summary>
    public bool NeedsModel => !Volatile.Read(ref _isModelKnown);

    /// <summary>What the start says has been read: the request's body need not be kept for it any more.</summary>
    public void EndStart()
    {
        using (_gate.Enter())
        {
            IsStartPending = false;
            ReleaseReportedRequest();
        }
    }

    // The input is reported and the model known: the request's body is not needed any more.
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
            // Malformed, or no longer there: the model stays unknown.
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
