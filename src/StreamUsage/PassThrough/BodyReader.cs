using System.Buffers;
using System.Runtime.CompilerServices;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Sse;

namespace StreamUsage.PassThrough;

/// <summary>
/// Reads a body as it passes: finds its framing and its wire, and takes each event into the state. Not thread-safe: its owner holds a lock. Never throws for what it reads.
/// </summary>
internal sealed class BodyReader(ReaderSettings settings, ApiFormat named, ResponseCapture? capture = null) : IShapeObserver, ILargeEventReader
{
    // A cut event is held back up to here for a learned shape to match it; past it the decoder takes over.
    private const int MaxCutEvent = BufferBudget.FreeBytes;

    // The switch for who does not trust a guess that is checked: each event is then parsed, at some ten times the cost.
    private static readonly bool ParsesEveryEvent = AppContext.TryGetSwitch("StreamUsage.ParseEveryEvent", out bool isOn) && isOn;

    // White space and the bytes of a byte order mark: what may stand before the first character of either framing.
    private static readonly SearchValues<byte> Blank = SearchValues.Create([(byte)' ', (byte)'\t', (byte)'\r', (byte)'\n', 0xEF, 0xBB, 0xBF]);

    private ResponseCapture? _capture = capture;
    private EventShapes _shapes;
    private PooledBuffer _cutEvent;
    private PooledBuffer _counts; // The data of the last event that only counted further: read when its counts are needed.
    private EventShape? _countedShape;
    private bool _readsCountsOnly;
    private SseDecoder _sse;
    private JsonBodyDecoder? _json; // Of a body that is JSON, or between events of an object without data: that has begun.
    private BedrockEvents? _bedrock;
    private JsonReducer? _largeEvent; // Made when the first one comes.
    private Framing _framing;
    private bool _isStream; // An object is a part of what is said, not an answer by itself.
    private IUsageParser? _parser;
    private bool _isParserCertain;
    private bool _isAtEventStart;
    private ReportedUsageJson? _usageJson;
    private RawExcerpt? _excerpt;
    private RetainedOutput? _output;
    private UsageAccumulator _state;
    private Exception? _parserFault;

    private enum Framing : byte
    {
        NotBegun,
        Unknown,
        Sse,
        Json,
        EventStream,
    }

    public ref readonly UsageAccumulator State
    {
        get
        {
            ReadCounts();
            return ref _state;
        }
    }

    /// <summary>The wire's name; null where nothing was read that any parser knows.</summary>
    public string? Wire { get; private set; }

    public ApiFormat Format => _parser is null ? named : settings.Parsers.FormatOf(_parser, named);

    public long EventCount { get; private set; }

    public long SkippedEvents { get; private set; }

    public long OutputCharacters { get; private set; }

    /// <summary>Output of any kind has been seen, a tool's name included.</summary>
    public bool HasOutput { get; private set; }

    /// <summary>Counts that made no sense and were ignored.</summary>
    public int IgnoredCounts { get; private set; }

    /// <summary>The first fault of a parser; null where there was none.</summary>
    public Exception? ParserFault => _parserFault;

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
        ModelOutput output = _output?.ToOutput(Wire, OutputCharacters) ?? new ModelOutput { Wire = Wire, Characters = OutputCharacters };
        ReleaseOutput();
        return output;
    }

    /// <summary>Gives back what kept the output: nobody needs it any more.</summary>
    public void ReleaseOutput()
    {
        _output?.Release();
        _output = null;
    }

    public void Read(ReadOnlySpan<byte> bytes)
    {
        if (_framing <= Framing.Unknown)
        {
            Begin(bytes);
        }

        switch (_framing)
        {
            case Framing.Json:
                ReadJson(bytes, _json!);
                break;
            case Framing.EventStream:
                ReadEventStream(bytes, _bedrock!);
                break;
            default:
                ReadSse(bytes);
                break;
        }

        KeepExcerpt(bytes);
    }

    /// <summary>Bytes of a body that nothing was read of so far.</summary>
    public void KeepExcerpt(ReadOnlySpan<byte> bytes)
    {
        if (_parser is null)
        {
            (_excerpt ??= new RawExcerpt(settings.Budget)).Append(bytes);
        }
    }

    /// <summary>The body has ended: an unfinished last event counts where it is whole all the same.</summary>
    public void Finish()
    {
        ReadCounts();
        if (_framing is Framing.Sse or Framing.Unknown)
        {
            DecodeCutEvent();
            FramingResult found = _sse.Finish();
            if (found == FramingResult.Event)
            {
                Apply(new WireEvent(_sse.GetType([]), _sse.GetData(ReadOnlySpan<byte>.Empty)));
            }
            else if (found == FramingResult.LargeEvent)
            {
                ApplyLarge(_sse.GetType([]), isWholeBody: false);
            }
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
        _cutEvent.Release();
        _sse.Release();
        _json?.Release();
        _bedrock?.Release();
        _largeEvent?.Release();
        if (_state.IsOutputReported)
        {
            ReleaseOutput();
        }
    }

    bool IOutputObserver.KeepsMessage => _capture?.Message is not null;

    void IOutputObserver.Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_readsCountsOnly)
        {
            return;
        }

        if (Count(kind, Utf8Text.CountUtf16(utf8, isEscaped)))
        {
            _output!.Append(kind, choiceIndex, utf8, isEscaped);
        }

        _capture?.Message?.Output(kind, choiceIndex, utf8, isEscaped);
    }

    void IOutputObserver.Message(ReadOnlySpan<byte> role, bool isNew)
    {
        if (isNew)
        {
            OutputCharacters = 0; // What was kept and counted is of the message that this one replaces.
            ReleaseOutput();
        }

        _capture?.Message?.Message(role, isNew);
    }

    void IOutputObserver.Block(OutputBlock block) => _capture?.Message?.Block(block);

    void IOutputObserver.Field(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped) => _capture?.Message?.Field(field, choiceIndex, utf8, isEscaped);

    void IShapeObserver.Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text)
    {
        if (Count(kind, text.Utf16Length))
        {
            _output!.AppendInside(kind, choiceIndex, bytes, text.Length, text.IsEscaped);
        }
    }

    BufferBudget? ILargeEventReader.Budget => settings.Budget;

    void ILargeEventReader.Begin() => (_largeEvent ??= new JsonReducer()).Begin();

    void ILargeEventReader.Append(ReadOnlySpan<byte> data) => _largeEvent?.Append(data);

    void IOutputObserver.ReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) => (_usageJson ??= new ReportedUsageJson(settings.Budget)).Add(utf8Json, isCumulative);

    void IOutputObserver.IgnoredCount(ReadOnlySpan<byte> name) => IgnoredCounts++;

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

    // Server-sent events never begin with a brace or a bracket, a JSON body always does, whatever the content type says. A message of Amazon's event stream begins with its length, whose first byte is 0.
    private void Begin(ReadOnlySpan<byte> bytes)
    {
        if (_framing == Framing.NotBegun)
        {
            if (bytes[0] == 0)
            {
                _framing = Framing.EventStream;
                _bedrock = new BedrockEvents(settings.MaxEventBytes, this);
                return;
            }

            _framing = Framing.Unknown;
            _sse = new SseDecoder(settings.MaxEventBytes, this);
        }

        int first = bytes.IndexOfAnyExcept(Blank);
        if (first < 0)
        {
            return;
        }

        if (bytes[first] is (byte)'{' or (byte)'[')
        {
            _framing = Framing.Json;
            _isStream = bytes[first] == (byte)'[';
            _json = new JsonBodyDecoder(settings.MaxEventBytes, this);
        }
        else
        {
            _framing = Framing.Sse;
        }
    }

    private bool IsBetweenEvents => _json is null && _sse.IsBetweenEvents;

    private void ReadSse(ReadOnlySpan<byte> bytes)
    {
        int at = _cutEvent.Length == 0 ? 0 : CompleteCutEvent(bytes);
        while (at < bytes.Length)
        {
            if (_isAtEventStart && _shapes.IsAny)
            {
                switch (_shapes.Match(bytes[at..], settings.MaxEventBytes, this, out int length))
                {
                    case ShapeMatch.Whole:
                        Matched(bytes.Slice(at, length));
                        at += length;
                        continue;
                    case ShapeMatch.Cut:
                        _cutEvent.Append(bytes[at..]);
                        return;
                }
            }

            DecodeEvent(bytes, ref at);
            _isAtEventStart = IsBetweenEvents;
        }
    }

    // The rest of an event that the last read cut, up to its blank line. It may be of a learned shape; where it is not, the decoder gets it from its beginning.
    private int CompleteCutEvent(ReadOnlySpan<byte> bytes)
    {
        if (TryCompleteAtOnce(bytes, out int length))
        {
            return length;
        }

        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Min(bytes.Length, MaxCutEvent)]);
        int whole = FindBlankLine(_cutEvent.Span, cut);
        bool isWhole = whole >= 0;
        if (!isWhole && _cutEvent.Length <= MaxCutEvent)
        {
            return bytes.Length;
        }

        if (isWhole)
        {
            _cutEvent.Truncate(whole);
        }

        int end = _cutEvent.Length - cut;
        ReadOnlySpan<byte> cutEvent = _cutEvent.Span;
        if (isWhole && _shapes.Match(cutEvent, settings.MaxEventBytes, this, out _) == ShapeMatch.Whole)
        {
            Matched(cutEvent); // A shape ends with its blank line, and this is the only one here.
        }
        else
        {
            DecodeCutEvent();
        }

        _cutEvent.Release();
        return end;
    }

    // The end of the first blank line that ends in what follows the first bytes; negative where there is none.
    private static int FindBlankLine(ReadOnlySpan<byte> bytes, int start)
    {
        for (int at = Math.Max(0, start - 2); at < bytes.Length; at++)
        {
            int length = bytes[at..].IndexOf((byte)'\n');
            if (length < 0)
            {
                break;
            }

            at += length;
            int end = at + 1 < bytes.Length && bytes[at + 1] == (byte)'\r' ? at + 2 : at + 1;
            if (end < bytes.Length && bytes[end] == (byte)'\n')
            {
                return end + 1;
            }
        }

        return -1;
    }

    // Mostly it is as long as others of its shape, or a little longer: so much is tried before its end is looked for.
    private bool TryCompleteAtOnce(ReadOnlySpan<byte> bytes, out int length)
    {
        const int Slack = 96;
        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Clamp(_shapes.Length + Slack - cut, 0, bytes.Length)]);
        if (_shapes.Match(_cutEvent.Span, settings.MaxEventBytes, this, out int whole) == ShapeMatch.Whole)
        {
            Matched(_cutEvent.Span[..whole]);
            _cutEvent.Release();
            length = whole - cut; // What was cut was no whole event, so that this ends in what followed.
            return true;
        }

        _cutEvent.Truncate(cut);
        length = 0;
        return false;
    }

    private void DecodeCutEvent()
    {
        for (int at = 0; at < _cutEvent.Length;)
        {
            DecodeEvent(_cutEvent.Span, ref at);
        }

        _isAtEventStart = IsBetweenEvents;
    }

    private void DecodeEvent(ReadOnlySpan<byte> bytes, ref int at)
    {
        ReadCounts();
        int begin = at, start = IsBetweenEvents ? at : -1;
        FramingResult found = _sse.Read(bytes, ref at);
        if (_json is not null)
        {
            ReadJsonBetweenEvents(bytes[begin..at], _json);
        }

        switch (found)
        {
            case FramingResult.Event:
                _isStream = true;
                var wireEvent = new WireEvent(_sse.GetType(bytes), _sse.GetData(bytes));
                UsageAccumulator before = _state;
                long outputBefore = OutputCharacters;
                bool isRead = Apply(wireEvent);
                if (_state != before)
                {
                    _shapes.Forget();
                }

                if (isRead && start >= 0 && _sse.DataStart >= 0 && OutputCharacters > outputBefore && _isParserCertain && _state with { Tokens = before.Tokens } == before)
                {
                    Learn(bytes[start..at], _sse.DataStart - start, wireEvent);
                }

                break;
            case FramingResult.LargeEvent:
                _isStream = true;
                _shapes.Forget();
                ApplyLarge(_sse.GetType(bytes), isWholeBody: false);
                break;
            case FramingResult.Json:
                _json ??= new JsonBodyDecoder(settings.MaxEventBytes, this);
                break;
        }
    }

    // An object without data:, which gateways and Google's servers send when they fail in the middle of a stream. The decoder reads its lines as well, and passes them by as the standard has it: where they
    // are no JSON after all, or data comes before it is whole, nothing is lost.
    private void ReadJsonBetweenEvents(ReadOnlySpan<byte> bytes, JsonBodyDecoder json)
    {
        int position = 0;
        FramingResult found = json.Read(bytes, ref position);
        if (found == FramingResult.NeedMore && !_sse.HasData)
        {
            return;
        }

        _json = null;
        if (found == FramingResult.LargeEvent)
        {
            ApplyLarge(default, isWholeBody: !_isStream);
        }
        else if (found == FramingResult.Event && UnfinishedData.IsWhole(json.GetData(bytes)))
        {
            Apply(new WireEvent(default, json.GetData(bytes), isWholeBody: !_isStream));
        }

        _shapes.Forget();
        json.Release();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Matched(ReadOnlySpan<byte> raw)
    {
        EventCount++;
        if (_shapes.Counts)
        {
            KeepCounts(_shapes.Last!, raw);
        }
    }

    private void KeepCounts(EventShape shape, ReadOnlySpan<byte> raw)
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
            _state = _parser!.Apply(new WireEvent(default, _counts.Span), _state, this);
        }
        catch (Exception fault)
        {
            _parserFault ??= fault;
        }

        _readsCountsOnly = false;
        _counts.Clear();
    }

    // A carriage return alone ends a line as well: such events are left to the decoder, as a cut event's end is found by its line feeds.
    private void Learn(ReadOnlySpan<byte> raw, int dataStart, WireEvent wireEvent)
    {
        if (settings.LearnsShapes && !ParsesEveryEvent && _capture is null && _parser is IRepeatingWire && raw.Count((byte)'\r') == raw.Count("\r\n"u8) && _shapes.IsLearning)
        {
            _shapes.Learn(raw, dataStart, wireEvent, _parser, _state);
        }
    }

    private void ReadJson(ReadOnlySpan<byte> bytes, JsonBodyDecoder objects)
    {
        int position = 0;
        while (true)
        {
            switch (objects.Read(bytes, ref position))
            {
                case FramingResult.NeedMore:
                    return;
                case FramingResult.Event:
                    Apply(new WireEvent(default, objects.GetData(bytes), isWholeBody: !_isStream));
                    break;
                default:
                    ApplyLarge(default, isWholeBody: !_isStream);
                    break;
            }
        }
    }

    private void ReadEventStream(ReadOnlySpan<byte> bytes, BedrockEvents events)
    {
        int position = 0;
        while (true)
        {
            switch (events.Read(bytes, ref position))
            {
                case FramingResult.NeedMore:
                    return;
                case FramingResult.Event:
                    Apply(events.GetEvent(bytes));
                    break;
                case FramingResult.LargeEvent:
                    ApplyLarge(events.GetLargeEventType(bytes), isWholeBody: false);
                    break;
                default:
                    SkippedEvents++;
                    Fail(new InvalidDataException("A message of the event stream is damaged."));
                    break;
            }
        }
    }

    private void ApplyLarge(ReadOnlySpan<byte> type, bool isWholeBody)
    {
        if (_largeEvent is { IsWhole: true } reducer)
        {
            Apply(new WireEvent(type, reducer.Copy, isWholeBody), isReduced: true);
        }
        else
        {
            SkippedEvents++;
            _capture?.Skip();
            KeepError(type, default);
        }
    }

    private bool Apply(WireEvent wireEvent, bool isReduced = false)
    {
        bool isRead = Parse(wireEvent, isReduced);
        KeepError(wireEvent.Type, wireEvent.Data);
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

    private bool Parse(WireEvent wireEvent, bool isReduced)
    {
        EventCount++;
        _capture?.Begin(wireEvent.Data, isReduced);
        try
        {
            if (!_isParserCertain)
            {
                Choose(wireEvent);
            }

            if (_parser is { } parser)
            {
                _state = parser.Apply(wireEvent, _state, this);
                return true;
            }
        }
        catch (Exception fault)
        {
            _parserFault ??= fault;
        }

        SkippedEvents++;
        return false;
    }

    private void Choose(WireEvent wireEvent)
    {
        if (settings.Parsers.Choose(wireEvent, named, out _isParserCertain, ref _parserFault) is { } parser && (_parser is null || _isParserCertain))
        {
            Wire = parser.Wire;
            _parser = parser;
            _excerpt?.Release();
            _excerpt = null;
        }
    }
}
