using System.Runtime.CompilerServices;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>
/// Reads the events of a body: finds the parser of their wire, takes each into the state, and keeps beside it what the record needs. Not thread-safe: its owner holds a lock. Never throws for what it reads.
/// </summary>
internal sealed class EventReader(ReaderSettings settings, ApiFormat named, ResponseCapture? capture = null) : ITemplateObserver, ILargeEventReader
{
    // After so many events of broken JSON, an event is looked at before a parser is asked to read it.
    private const int MaxBrokenEvents = 16;

    private ResponseCapture? _capture = capture;
    private PooledBuffer _counts; // The data of the last event that only counted further: read when its counts are needed.
    private EventTemplate? _countedShape;
    private bool _readsCountsOnly;
    private JsonReducer? _largeEvent; // Made when the first one comes.
    private JsonReducer? _jsonCheck; // Made when many events were broken.
    private int _brokenEvents;
    private IUsageParser? _parser;
    private bool _isParserCertain;
    private ReportedUsageJson? _usageJson;
    private RawExcerpt? _excerpt;
    private RetainedOutput? _output;
    private UsageAccumulator _state;
    private Exception? _parserFault;

    public ref readonly UsageAccumulator State
    {
        get
        {
            ReadCounts();
            return ref _state;
        }
    }

    /// <summary>The wire's name; null where nothing was read that any parser knows.</summary>
    public string? Protocol { get; private set; }

    /// <summary>Gets a value indicating whether the body is a stream of events, and not one document.</summary>
    public bool IsStreamed { get; private set; }

    /// <summary>Gets what was asked, as far as the answer tells.</summary>
    public string Operation => _state.Operation ?? _parser?.Operation ?? (named == ApiFormat.Gemini || named == ApiFormat.GeminiCli ? GeminiParser.OperationName : UsageRecord.DefaultOperation);

    public ApiFormat Format => _parser is null ? named : settings.Parsers.FormatOf(_parser, named);

    public long EventCount { get; private set; }

    public long SkippedEvents { get; private set; }

    public long OutputCharacters { get; private set; }

    /// <summary>Output of any kind has been seen, a tool's name included.</summary>
    public bool HasOutput { get; private set; }

    /// <summary>The parser whose events may be matched with those before and then need not be parsed; null where each must be.</summary>
    public IUsageParser? RepeatingParser => _isParserCertain && _capture is null && _parser is ITemplatedProtocol ? _parser : null;

    /// <summary>Counts that made no sense and were ignored.</summary>
    public int IgnoredCounts { get; private set; }

    /// <summary>The first fault of a parser; null where there was none.</summary>
    public Exception? ParserFault => _parserFault;

    /// <summary>The state takes an event.</summary>
    /// <returns>Whether a parser has read it.</returns>
    public bool Apply(StreamEvent streamEvent) => Apply(streamEvent, isReduced: false);

    /// <summary>The state takes the event that was given piece by piece, as much of it as matters.</summary>
    public void ApplyLarge(ReadOnlySpan<byte> type, bool isWholeBody)
    {
        if (_largeEvent is { IsWhole: true } reducer)
        {
            Apply(new StreamEvent(type, reducer.Copy, isWholeBody), isReduced: true);
        }
        else
        {
            SkippedEvents++;
            _capture?.Skip();
            KeepError(type, default);
        }
    }

    /// <summary>An event was matched: the observer has its output already.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="raw">The event.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Matched(EventTemplate shape, ReadOnlySpan<byte> raw)
    {
        EventCount++;
        if (shape.Counts)
        {
            KeepCounts(shape, raw);
        }
    }

    /// <summary>An event cannot be made out.</summary>
    public void SkipDamaged(Exception fault)
    {
        SkippedEvents++;
        Fail(fault);
    }

    /// <summary>The provider's usage object; null where there was none. What kept it is given back.</summary>
    public string? TakeReportedUsageJson()
    {
        ReadCounts();
        string? json = _usageJson?.Text;
        _usageJson?.Release();
        _usageJson = null;
        return json;
    }

    /// <summary>What was seen of the output, for an estimate of what it cost. What kept it is given back.</summary>
    public ModelOutput TakeOutput()
    {
        ModelOutput output = _output?.ToOutput(Protocol, OutputCharacters) ?? new ModelOutput { Protocol = Protocol, Characters = OutputCharacters };
        ReleaseOutput();
        return output;
    }

    /// <summary>Gives back what kept the output: nobody needs it any more.</summary>
    public void ReleaseOutput()
    {
        _output?.Release();
        _output = null;
    }

    /// <summary>Bytes of a body that nothing was read of so far.</summary>
    public void KeepExcerpt(ReadOnlySpan<byte> bytes)
    {
        if (_parser is null)
        {
            (_excerpt ??= new RawExcerpt(settings.Budget)).Append(bytes);
        }
    }

    /// <summary>Reading itself has failed.</summary>
    public void Fail(Exception fault) => _parserFault ??= fault;

    /// <summary>What was kept of the body; null where nothing was. What kept it is given back.</summary>
    public CapturedResponse? TakeCaptured()
    {
        CapturedResponse? excerpt = _excerpt?.ToResponse();
        CapturedResponse? captured = _capture?.ToResponse(excerpt, _state, _parser is not null) ?? excerpt;
        _excerpt?.Release();
        _excerpt = null;
        _capture?.Release();
        _capture = null;
        return captured;
    }

    /// <summary>Gives the pooled buffers back. What was read stays, so does what was captured, and the output's text where it may have to be counted.</summary>
    public void Release()
    {
        ReadCounts();
        _counts.Release();
        _largeEvent?.Release();
        _jsonCheck?.Release();
        if (_state.IsOutputReported)
        {
            ReleaseOutput();
        }
    }

    bool IOutputObserver.KeepsMessage => _capture?.Message is not null;

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_readsCountsOnly)
        {
            return;
        }

        if (Count(kind, Utf8Text.CountUtf16(utf8, isEscaped)))
        {
            _output!.Append(kind, choiceIndex, utf8, isEscaped);
        }

        _capture?.Message?.OnOutput(kind, choiceIndex, utf8, isEscaped);
    }

    void IOutputObserver.OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
        if (isNew)
        {
            OutputCharacters = 0; // What was kept and counted is of the message that this one replaces.
            ReleaseOutput();
        }

        _capture?.Message?.OnMessage(role, isNew);
    }

    void IOutputObserver.OnBlock(OutputBlock block) => _capture?.Message?.OnBlock(block);

    void IOutputObserver.OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped) => _capture?.Message?.OnField(field, choiceIndex, utf8, isEscaped);

    void ITemplateObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text)
    {
        if (Count(kind, text.Utf16Length))
        {
            _output!.AppendInside(kind, choiceIndex, bytes, text.Length, text.IsEscaped);
        }
    }

    BufferBudget? ILargeEventReader.Budget => settings.Budget;

    void ILargeEventReader.Begin() => (_largeEvent ??= new JsonReducer()).Begin();

    void ILargeEventReader.Append(ReadOnlySpan<byte> data) => _largeEvent?.Append(data);

    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) => (_usageJson ??= new ReportedUsageJson(settings.Budget)).Add(utf8Json, isCumulative);

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => IgnoredCounts++;

    private bool Apply(StreamEvent streamEvent, bool isReduced)
    {
        ReadCounts();
        bool isRead = Parse(streamEvent, isReduced);
        KeepError(streamEvent.Type, streamEvent.Data);
        return isRead;
    }

    // What is named an error is one, whatever its data, and whether a parser knows it or not.
    private void KeepError(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (type.SequenceEqual("error"u8) && _state.Error is null or { Type: null, Message: null, StatusCode: null })
        {
            _state = _state.WithError(ErrorObject.ReadEvent(data));
        }
    }

    private bool Parse(StreamEvent streamEvent, bool isReduced)
    {
        IsStreamed |= !streamEvent.IsWholeBody || EventCount != 0;
        EventCount++;
        _capture?.Begin(streamEvent.Data, isReduced);
        if (_brokenEvents >= MaxBrokenEvents && !isReduced && IsBroken(streamEvent.Data))
        {
            SkippedEvents++;
            return false;
        }

        try
        {
            if (!_isParserCertain)
            {
                Choose(streamEvent);
            }

            if (_parser is { } parser)
            {
                _state = parser.Apply(streamEvent, _state, this);
                return true;
            }
        }
        catch (Exception fault)
        {
            Note(fault);
        }

        SkippedEvents++;
        return false;
    }

    private void Note(Exception fault)
    {
        _parserFault ??= fault;
        _brokenEvents += fault is JsonException ? 1 : 0;
    }

    /// <summary>Returns whether data that begins like a JSON object is not one. Finds most of what is broken without an exception, which costs as much as reading some hundred bytes.</summary>
    public bool IsBroken(ReadOnlySpan<byte> data)
    {
        if (!Utf8Json.IsObject(data))
        {
            return false;
        }

        _jsonCheck ??= new JsonReducer();
        _jsonCheck.Begin();
        _jsonCheck.Append(data);
        return !_jsonCheck.IsWhole;
    }

    private void Choose(StreamEvent streamEvent)
    {
        Exception? fault = null;
        IUsageParser? chosen = settings.Parsers.Choose(streamEvent, named, out _isParserCertain, ref fault);
        if (fault is not null)
        {
            Note(fault);
        }

        if (chosen is { } parser && (_parser is null || _isParserCertain))
        {
            Protocol = parser.Protocol;
            _parser = parser;
            _excerpt?.Release();
            _excerpt = null;
        }
    }

    // Whether the text is to be kept. Where output is reported already, what follows brings its count with it: by servers that count in every chunk.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Count(OutputKind kind, int utf16Length)
    {
        HasOutput = true;
        if (kind != OutputKind.ToolName)
        {
            OutputCharacters += utf16Length;
        }

        return !_state.IsOutputReported && (_output is not null || KeepsOutput());
    }

    private bool KeepsOutput()
    {
        _output = settings.MaxRetainedTextBytes == 0 ? null : new RetainedOutput(settings.MaxRetainedTextBytes, settings.Budget);
        return _output is not null;
    }

    private void KeepCounts(EventTemplate shape, ReadOnlySpan<byte> raw)
    {
        if (!ReferenceEquals(shape, _countedShape))
        {
            ReadCounts(); // What one shape counts another may leave out.
            _countedShape = shape;
        }

        _counts.Clear();
        _counts.Append(shape.Data(raw));
    }

    // The counts of the events that were matched since the parser read one: the last one's.
    private void ReadCounts()
    {
        if (_counts.Length == 0)
        {
            return;
        }

        _readsCountsOnly = true;
        try
        {
            _state = _parser!.Apply(new StreamEvent(default, _counts.Span), _state, this);
        }
        catch (Exception fault)
        {
            _parserFault ??= fault;
        }

        _readsCountsOnly = false;
        _counts.Clear();
    }
}
