using System.Diagnostics;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;

namespace StreamUsage.Recording;

/// <summary>Represents one tracked response: its state, and how it ended. It holds no reference to its wrappers. So a
/// wrapper that its caller abandons is collected, and its finalizer ends the body.</summary>
/// <remarks>The lock is held for tens of nanoseconds an event. It is held for milliseconds while an encoded body is
/// decoded or the request body is copied. Of user code, only custom parsers, decoders and the
/// <see cref="TimeProvider"/> run under it.</remarks>
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
    private bool _hasStoppedParsing; // A parser or decoder threw outside its own guard: the rest of the body is ignored.
    private bool _isReadCanceled; // By the caller. Reset by the next bytes.

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

        // A larger body is not read for an estimate, so the caller's memory is not held.
        RequestBody = RequestBodyLength <= options.MaxRequestBodyBytes || options.CapturesRequestBody ? context.RequestBody : default;
        _isModelSettled = context.Model is not null || context.RequestBody.IsEmpty;
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
        CallerActivity = settings.TagsCallers ? current : null;
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

    /// <summary>Gets the caller's activity if the response is to be described on it; else null.</summary>
    public Activity? CallerActivity { get; }

    /// <summary>Gets or sets whether the response was described on the caller's activity.</summary>
    public bool IsCallerActivityTagged { get; set; }

    /// <summary>Gets the context of the caller's activity; default if there is none in W3C format.</summary>
    public ActivityContext Trace { get; }

    public string? TraceId => Trace == default ? null : Trace.TraceId.ToHexString();

    public string? SpanId => Trace == default ? null : Trace.SpanId.ToHexString();

    public DateTimeOffset StartedAt => _times.StartedAt;

    public EventReader Events => _reader.Events;

    /// <summary>Gets the times. Those of the end are valid after it.</summary>
    public ref readonly StreamTimes Times => ref _times;

    /// <summary>Gets how many bytes the provider sent; 0 for a client's objects.</summary>
    public long BytesReceived => ReadsClientObjects ? 0 : _bytesRead;

    /// <summary>Gets how many bytes were read, whether the provider's or of a client's objects.</summary>
    public long BytesRead => _bytesRead;

    /// <summary>Gets whether a client's objects are read, not the provider's bytes.</summary>
    public bool ReadsClientObjects { get; init; }

    /// <summary>Gets whether the terminal event or an error was read. Bytes that follow add nothing.</summary>
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

    /// <summary>Gets whether the body is still read, drained or decoded.</summary>
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

    /// <summary>Gets or sets whether the body waits in the dispatcher's inbox for its start, or for its model to be
    /// read.</summary>
    public bool IsBeginQueued { get; set; }

    /// <summary>Gets the pending records that this one belongs to; null until the body has ended.</summary>
    public PendingRecords.Group? PendingGroup { get; private set; }

    /// <summary>Gets or sets the previous body in <see cref="OpenBodies"/>, whose lock guards it.</summary>
    public TrackedBody? PreviousOpen { get; set; }

    /// <summary>Gets or sets the next body in <see cref="OpenBodies"/>, whose lock guards it.</summary>
    public TrackedBody? NextOpen { get; set; }

    /// <summary>Registers the body as open, and queues its start for the sinks, or the search for its model.</summary>
    public void Begin() => Settings.Records.Begin(this);

    /// <summary>Reads bytes before the caller gets them. Ignores bytes that were read before, that follow a gap, or
    /// that come after the end. Never throws.</summary>
    /// <param name="offset">The bytes' offset in the body.</param>
    /// <param name="bytes">The bytes, in place.</param>
    /// <param name="isNewRead">Whether the bytes begin a read; else they continue one.</param>
    /// <returns>Whether any byte was read.</returns>
    public bool Receive(long offset, ReadOnlySpan<byte> bytes, bool isNewRead = true)
    {
        if (bytes.IsEmpty)
        {
            return false;
        }

        using (_gate.Enter())
        {
            // A reader that seeks ahead leaves a gap. The bytes after it make no sense without the skipped ones. They
            // are ignored until the reader seeks back.
            if (_stage is Stage.CatchingUp or Stage.Ended || _hasStoppedParsing
                || offset + bytes.Length <= _bytesRead || offset > _bytesRead)
            {
                return false;
            }

            bytes = bytes[(int)(_bytesRead - offset)..];
            _bytesRead += bytes.Length;
            _isReadCanceled = false;
            bool isDraining = _stage == Stage.Draining;
            if (isDraining)
            {
                _hasDrainedBytes = true;
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
                _hasStoppedParsing = true;
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
