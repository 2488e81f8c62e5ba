using System.Runtime.CompilerServices;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>Reads the events of a body: chooses the parser, updates the state, and keeps what the record needs. Not
/// thread-safe: its owner holds a lock. Never throws for the data.</summary>
internal sealed partial class EventReader(ReaderSettings settings, ApiFormat callerFormat, ResponseCapture? capture = null,
    IUsageParser? knownParser = null) : ITemplateObserver, ILargeEventReader
{
    // A larger counting event is parsed at once: the kept one does not count toward the memory budget.
    private const int MaxCountingEvent = BufferBudget.FreeBytes;

    private ResponseCapture? _capture = capture;
    private PooledBuffer _countingEvent; // The data of the last counting event, parsed when its counts are needed.
    private bool _readsCountsOnly; // A matched event is parsed for its counts. Its output was reported when it matched.
    private JsonReducer? _largeEvent; // Created for the first large event.
    private BrokenJson _broken;
    private ParserChoice _choice = new(settings.Parsers, callerFormat, knownParser);
    private bool _hasRecording;
    private ReportedUsageJson? _usageJson;
    private RawExcerpt? _excerpt;
    private SeenOutput _output = new(settings);
    private UnknownFields _unknownFields;
    private bool _hasUsage; // The current event has a usage object.
    private bool _hasContent = knownParser is not null; // More came than comments, pings and end markers.
    private bool _hasSkippedValue; // The current large event has a value that was skipped.
    private UsageAccumulator _state;
    private Exception? _parserFault;

    /// <summary>Gets the state after the events so far. Parses the last counting event first.</summary>
    public ref readonly UsageAccumulator State
    {
        get
        {
            ParseCountingEvent();
            return ref _state;
        }
    }

    /// <summary>Gets the protocol's name; null if no parser read an event.</summary>
    public string? Protocol => _choice.Protocol;

    /// <summary>Gets whether the body is a stream of events, not one document.</summary>
    public bool IsStreamed { get; private set; }

    /// <summary>Gets the operation, as far as the answer shows it.</summary>
    public string Operation => _state.Operation ?? _choice.Operation;

    public ApiFormat Format => _choice.Format;

    public long EventCount { get; private set; }

    public long SkippedEvents { get; private set; }

    public long OutputCharacters => _output.Characters;

    /// <summary>Gets whether any output was seen, including a tool's name.</summary>
    public bool HasOutput => _hasRecording || _output.IsAny;

    /// <summary>Gets the number of output characters that no usage has counted.</summary>
    public long UncountedCharacters => _output.CharactersSinceUsage;

    /// <summary>Gets the reported counts that are valid for the answer seen.</summary>
    public SettledUsage Settled => SettledUsage.Of(State, _output.IsAny, _output.HasOutputSinceUsage);

    /// <summary>Gets the distinct names of unknown usage fields; empty if none.</summary>
    public IReadOnlyList<string> UnknownUsageFields => _unknownFields.Names;

    /// <summary>Gets whether nothing came but comments, pings and end markers.</summary>
    public bool IsSilent => !_hasContent && _excerpt is null or { IsSilent: true };

    /// <summary>Gets the parser whose events may match a template; null if each event must be parsed.</summary>
    public IUsageParser? TemplatedParser => _capture is null ? _choice.Templated : null;

    /// <summary>Gets whether the input was reported. A kept counting event cannot change that, so it is not parsed
    /// for this.</summary>
    public bool IsInputReported => _state.IsInputReported;

    public int IgnoredCounts { get; private set; }

    /// <summary>Gets the first fault of a parser; null if none.</summary>
    public Exception? ParserFault => _parserFault;

    // Built-in protocols consist of JSON objects. A custom parser gets its events as they are.
    private bool ExpectsJson => _choice.Parser is null or IProbedProtocol;

    /// <summary>Completes the answer, if any event came.</summary>
    public void Complete() => _state = EventCount == 0 ? _state : _state with { IsTerminal = true };

    /// <summary>Sets the caller's format. A parser that was chosen before stays.</summary>
    public void SetFormat(ApiFormat callerFormat) => _choice.SetFormat(callerFormat);

    /// <summary>Counts an event that matched a template. Its output was reported already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnMatched() => EventCount++;

    /// <summary>Keeps the data of a counting event that matched a template, unless it is large. The last one is parsed
    /// when its counts are needed.</summary>
    /// <param name="data">The event's data.</param>
    /// <param name="hasSameCounts">Whether it replaces every count of the kept event.</param>
    public void OnCounted(ReadOnlySpan<byte> data, bool hasSameCounts)
    {
        EventCount++;
        if (!hasSameCounts)
        {
            ParseCountingEvent();
        }

        _countingEvent.Clear();
        if (data.Length > MaxCountingEvent)
        {
            ReadCounts(data);
            return;
        }

        _countingEvent.Append(data);
    }

    public void ObserveText(ReadOnlySpan<byte> utf8) => ((IOutputObserver)this).OnOutput(OutputKind.Text, 0, utf8, isEscaped: false);

    public void ObserveRecording() => _hasRecording = true;

    public void SkipDamaged(Exception fault)
    {
        SkippedEvents++;
        Fail(fault);
    }

    /// <summary>Returns the provider's usage object and releases its buffer; empty if there was none.</summary>
    public CompactText TakeReportedUsageJson()
    {
        ParseCountingEvent();
        CompactText json = _usageJson?.Text ?? default;
        _usageJson?.Release();
        _usageJson = null;
        return json;
    }

    /// <summary>Returns the output that no usage has counted, for an estimate, and releases its buffer.</summary>
    public ModelOutput TakeOutput() => _output.Take(Protocol);

    public void ReleaseOutput() => _output.Release();

    /// <summary>Keeps bytes of a body that is unreadable so far.</summary>
    public void KeepExcerpt(ReadOnlySpan<byte> bytes)
    {
        if (_choice.Parser is null)
        {
            (_excerpt ??= new RawExcerpt(settings.Budget)).Append(bytes);
        }
    }

    public void Fail(Exception fault) => _parserFault ??= fault;

    /// <summary>Returns the captured content and releases its buffers; null if none.</summary>
    public CapturedResponse? TakeCaptured()
    {
        CapturedResponse? excerpt = _excerpt?.ToResponse();
        CapturedResponse? captured = _capture?.ToResponse(excerpt, _state, _choice.Parser is not null) ?? excerpt;
        _excerpt?.Release();
        _excerpt = null;
        _capture?.Release();
        _capture = null;
        return captured;
    }

    /// <summary>Returns the pooled buffers. Results, captured content, and output that may need an estimate
    /// stay.</summary>
    public void Release()
    {
        ParseCountingEvent();
        _countingEvent.Release();
        _largeEvent?.Release();
        _broken.Release();
        if (Settled.IsOutputReported)
        {
            ReleaseOutput();
        }
    }
}
