using System.Diagnostics;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;

namespace StreamUsage.Recording;

/// <summary>Represents one tracked response: its state, and how it ended. It holds no reference to its wrappers, so
/// that abandoned ones can be collected.</summary>
/// <remarks>The lock is held for tens of nanoseconds an event, and for some milliseconds while an encoded body is
/// decoded. Of user code, only custom parsers and decoders run under it.</remarks>
internal sealed partial class TrackedBody
{
    private BodyGate _gate;
    private readonly BodyReader _reader;
    private readonly DecodedBody? _decoded;
    private StreamTimes _times;
    private readonly ChunkGaps? _chunks;
    private readonly long _contentLength; // Negative if unknown.
    private long _bytesRead;
    private Stage _stage;
    private bool _hasReadFault, _isReadCancelled;

    public TrackedBody(
        BodySettings settings,
        UsageContext context,
        int? httpStatusCode,
        long? contentLength,
        string? contentEncoding,
        IReadOnlyDictionary<string, string>? headers,
        KnownAnswer? known = null)
    {
        Settings = settings;
        RecordSettings options = settings.Options;
        _context = options.Redaction.Redact(context);
        RequestBodyLength = context.RequestBody.Length;
        RequestBody = RequestBodyLength <= options.MaxRequestBodyBytes || options.CapturesRequestBody ? context.RequestBody : default;
        _isModelKnown = context.Model is not null || context.RequestBody.IsEmpty;
        HttpStatusCode = httpStatusCode;
        ResponseHeaders = headers;
        _contentLength = contentLength ?? -1;
        _times = new StreamTimes(new StreamClock(settings.Time, context.RequestStartedAt));
        ResponseCapture? capture = ResponseCapture.Create(options.Capture, options.MaxCapturedBytes, settings.Budget);
        _reader = new BodyReader(settings.Reading, context.ApiFormat, capture, known);
        _decoded = settings.Decoders.Find(contentEncoding) is { } decoders ? new DecodedBody(decoders, settings.Budget) : null;
        Id = RecordId.Create(_times.StartedAt);
        Activity? current = Activity.Current;
        Trace = current is { IdFormat: ActivityIdFormat.W3C } ? current.Context : default;
        Caller = settings.TagsCallers ? current : null;
        _chunks = settings.Metrics is { MeasuresChunks: true } ? new ChunkGaps() : null;
    }

    private enum Stage : byte
    {
        Reading,

        /// <summary>The reader has left, and the drainer reads on.</summary>
        Draining,

        /// <summary>The body has ended, and the rest of its encoded bytes is being decoded.</summary>
        CatchingUp,
        Ended,
    }

    public BodySettings Settings { get; }

    public Guid Id { get; }

    public int? HttpStatusCode { get; }

    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; }

    /// <summary>Gets the caller's activity if it is to describe the response; else null.</summary>
    public Activity? Caller { get; }

    /// <summary>Gets or sets whether the caller's activity describes the response.</summary>
    public bool IsCallerTagged { get; set; }

    public ActivityContext Trace { get; }

    public string? TraceId => Trace == default ? null : Trace.TraceId.ToHexString();

    public string? SpanId => Trace == default ? null : Trace.SpanId.ToHexString();

    public DateTimeOffset StartedAt => _times.StartedAt;

    public EventReader Events => _reader.Events;

    public ref readonly StreamTimes Times => ref _times;

    /// <summary>Gets the bytes received; 0 if the bytes read are not the provider's.</summary>
    public long BytesReceived => ReadsClientObjects ? 0 : _bytesRead;

    /// <summary>Gets the bytes read, the provider's or a client's.</summary>
    public long BytesRead => _bytesRead;

    /// <summary>Gets whether a client's objects are read, not the provider's bytes.</summary>
    public bool ReadsClientObjects { get; init; }

    public bool IsTerminal
    {
        get
        {
            using (_gate.Enter())
            {
                return Events.State.IsTerminal || Events.State.Error is not null;
            }
        }
    }

    /// <summary>Gets whether the body has not ended.</summary>
    public bool IsOpen
    {
        get
        {
            using (_gate.Enter())
            {
                return _stage != Stage.Ended;
            }
        }
    }

    /// <summary>Gets or sets the sinks' start calls, for which the record waits; null if no sink uses the
    /// start.</summary>
    public Task[]? Starts { get; set; }

    public bool IsStartPending { get; set; }

    /// <summary>Gets or sets the pending records that this one belongs to; null until the body has ended.</summary>
    public PendingRecords.Group? Pending { get; set; }

    public TrackedBody? PreviousOpen { get; set; }

    public TrackedBody? NextOpen { get; set; }

    /// <summary>Registers the body as open, and queues its start for the sinks.</summary>
    public void Begin() => Settings.Records.Begin(this);

    /// <summary>Reads bytes before the caller gets them. Ignores bytes that were seen before. Never throws.</summary>
    /// <param name="offset">The bytes' offset in the body.</param>
    /// <param name="bytes">The bytes, in place.</param>
    /// <param name="isNewRead">Whether the bytes begin a read; else they continue one.</param>
    /// <returns>Whether any byte was new.</returns>
    public bool Receive(long offset, ReadOnlySpan<byte> bytes, bool isNewRead = true)
    {
        if (bytes.IsEmpty)
        {
            return false;
        }

        using (_gate.Enter())
        {
            // After a gap nothing is read until the reader comes back: the following bytes make no sense without it.
            if (_stage is Stage.CatchingUp or Stage.Ended || _hasReadFault
                || offset + bytes.Length <= _bytesRead || offset > _bytesRead)
            {
                return false;
            }

            bytes = bytes[(int)(_bytesRead - offset)..];
            _bytesRead += bytes.Length;
            _isReadCancelled = false;
            bool isDraining = _stage == Stage.Draining;
            if (isDraining)
            {
                _hasDrained = true;
            }
            else
            {
                _times.Received(isNewRead);
            }

            try
            {
                if (_decoded is null)
                {
                    _reader.Read(bytes);
                }
                else
                {
                    _decoded.Read(bytes, _reader);
                }
            }
            catch (Exception fault)
            {
                // A fault here must not reach the caller: what was read so far stands.
                _hasReadFault = true;
                Events.Fail(fault);
            }

            ReleaseReportedRequest();
            if (!isDraining)
            {
                NoteProgress();
            }

            return true;
        }
    }

    private void NoteProgress()
    {
        if (Events.EventCount != 0)
        {
            if (!_times.HasFirstChunk)
            {
                _times.NoteFirstChunk();
            }

            _chunks?.Received(_times.Elapsed(), Events.EventCount);
        }

        if (!_times.HasFirstToken && Events.HasOutput)
        {
            _times.NoteFirstToken();
        }
    }
}
