using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.OpenAI;

namespace StreamUsage.Framing;

/// <summary>Reads the events of a body: finds the parser, updates the state, and keeps what the record needs. Not
/// thread-safe: its owner holds a lock. Never throws for the data.</summary>
internal sealed class EventReader(ReaderSettings settings, ApiFormat named, ResponseCapture? capture = null,
    IUsageParser? knownParser = null) : ITemplateObserver, ILargeEventReader
{
    // A name goes to logs and metrics, so unlikely characters are not shown.
    private static readonly SearchValues<byte> FieldNameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."u8);

    private const string OtherField = "other";
    private const int MaxUnknownFields = 16;
    private const int MaxFieldNameLength = 64;
    private const int MaxPingLength = 64;

    // After this many events of broken JSON, events are validated before they are parsed.
    private const int MaxBrokenEvents = 16;

    // Of one event. Each may make the rest of the event be read again.
    private const int MaxBrokenLines = 8;

    private ResponseCapture? _capture = capture;
    private PooledBuffer _counts; // The last event that only counted further, parsed when its counts are needed.
    private bool _readsCountsOnly;
    private JsonReducer? _largeEvent; // Created for the first large event.
    private JsonReducer? _jsonCheck; // Created after many broken events.
    private int _brokenEvents;
    private ParserChoice _choice = new(settings.Parsers, named, knownParser);
    private bool _hasRecording;
    private ReportedUsageJson? _usageJson;
    private RawExcerpt? _excerpt;
    private SeenOutput _output = new(settings);
    private List<string>? _unknownFields;
    private bool _hasUsage; // The current event has a usage object.
    private bool _hasContent = knownParser is not null;
    private bool _hasSkippedValue; // In a large event of several values.
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
    public SettledUsage Settled => SettledUsage.Of(State, _output.IsAny, _output.IsSinceUsage);

    /// <summary>Gets the distinct names of unknown usage fields; empty if none.</summary>
    public IReadOnlyList<string> UnknownUsageFields => _unknownFields ?? (IReadOnlyList<string>)[];

    /// <summary>Gets whether nothing came but comments, pings and end markers.</summary>
    public bool IsSilent => !_hasContent && _excerpt is null or { IsSilent: true };

    /// <summary>Gets the parser whose events may match a template; null if each event must be parsed.</summary>
    public IUsageParser? TemplatedParser => _capture is null ? _choice.Templated : null;

    /// <summary>Gets whether the input was reported. Events that only count further cannot change that.</summary>
    public bool IsInputReported => _state.IsInputReported;

    public int IgnoredCounts { get; private set; }

    /// <summary>Gets the first fault of a parser; null if none.</summary>
    public Exception? ParserFault => _parserFault;

    /// <summary>Applies an event. Returns whether a parser read it and it holds one value.</summary>
    public bool Apply(StreamEvent streamEvent)
    {
        ReadCounts();
        IsStreamed |= !streamEvent.IsWholeBody || EventCount != 0;
        EventCount++;
        _capture?.Begin(streamEvent.Data, isReduced: false);
        if (_choice.Parser is (null or IProbedProtocol) && !JsonValues.IsSingle(streamEvent.Data))
        {
            return ApplyValues(streamEvent, streamEvent.Data);
        }

        bool isRead = ApplyValue(streamEvent);
        if (!isRead && HidesValues(streamEvent.Data, streamEvent.IsWholeBody))
        {
            long skipped = SkippedEvents;
            ApplyValues(streamEvent, streamEvent.Data[(streamEvent.Data.IndexOf((byte)'\n') + 1)..]);
            SkippedEvents = skipped;
        }

        return isRead;
    }

    public void ApplyLarge(ReadOnlySpan<byte> type, bool isWholeBody)
    {
        if (_largeEvent is { IsWhole: true } reducer)
        {
            IsStreamed |= !isWholeBody || EventCount != 0;
            EventCount++;
            long skipped = SkippedEvents;
            ApplyReduced(new StreamEvent(type, reducer.Copy, isWholeBody));
            SkippedEvents = _hasSkippedValue ? skipped : SkippedEvents;
        }
        else
        {
            _hasContent = true;
            SkippedEvents += _hasSkippedValue ? 0 : 1;
            _capture?.Skip();
            KeepError(type, default);
        }
    }

    /// <summary>Completes the answer, if any event came.</summary>
    public void Complete() => _state = EventCount == 0 ? _state : _state with { IsTerminal = true };

    /// <summary>Sets the caller's format. Earlier results stay.</summary>
    public void Name(ApiFormat format) => _choice.Name(format);

    /// <summary>Counts an event that matched a template. Its output was reported already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnMatched() => EventCount++;

    /// <summary>Keeps the data of a matched event that only counted further. The last such event is parsed when its
    /// counts are needed.</summary>
    /// <param name="data">The event's data.</param>
    /// <param name="hasSameCounts">Whether it replaces every count of the kept event.</param>
    public void OnCounted(ReadOnlySpan<byte> data, bool hasSameCounts)
    {
        EventCount++;
        if (!hasSameCounts)
        {
            ReadCounts();
        }

        _counts.Clear();
        _counts.Append(data);
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
        ReadCounts();
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
        ReadCounts();
        _counts.Release();
        _largeEvent?.Release();
        _jsonCheck?.Release();
        if (Settled.IsOutputReported)
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

        _output.Add(kind, choiceIndex, utf8, Utf8Text.CountUtf16(utf8, isEscaped), isEscaped);
        if (kind != OutputKind.Citation)
        {
            _capture?.Message?.OnOutput(kind, choiceIndex, utf8, isEscaped);
        }
    }

    void IOutputObserver.OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
        if (isNew)
        {
            _output.Restart();
        }

        _capture?.Message?.OnMessage(role, isNew);
    }

    void IOutputObserver.OnBlock(OutputBlock block) => _capture?.Message?.OnBlock(block);

    void IOutputObserver.OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped) =>
        _capture?.Message?.OnField(field, choiceIndex, utf8, isEscaped);

    void ITemplateObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text) =>
        _output.AddInside(kind, choiceIndex, bytes, text.Length, text.Utf16Length, text.IsEscaped);

    void ITemplateObserver.OnCountedOutput(OutputKind kind, StringScan text) => _output.AddCounted(kind, text.Utf16Length);

    BufferBudget? ILargeEventReader.Budget => settings.Budget;

    void ILargeEventReader.Begin()
    {
        ReadCounts();
        _hasSkippedValue = false;
        (_largeEvent ??= new JsonReducer()).Begin();
    }

    void ILargeEventReader.Append(ReadOnlySpan<byte> data)
    {
        if (_largeEvent is not { } reducer)
        {
            return;
        }

        // Each value is applied when the next one begins: the last one may be of the event's type.
        while (reducer.Append(data) is var length && length < data.Length)
        {
            long skipped = SkippedEvents;
            ApplyReduced(new StreamEvent(default, reducer.Copy));
            SkippedEvents = _hasSkippedValue ? skipped : SkippedEvents;
            _hasSkippedValue |= SkippedEvents != skipped;
            reducer.BeginNext();
            data = data[length..];
        }
    }

    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative)
    {
        _hasUsage = true;
        (_usageJson ??= new ReportedUsageJson(settings.Budget)).Add(utf8Json, isCumulative);
    }

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => IgnoredCounts++;

    void IOutputObserver.OnUnknownUsageField(ReadOnlySpan<byte> name)
    {
        _unknownFields ??= [];
        string text = name.Length <= MaxFieldNameLength && !name.ContainsAnyExcept(FieldNameCharacters)
            ? Utf8Text.ToString(name, MaxFieldNameLength) : OtherField;
        if (_unknownFields.Count < MaxUnknownFields && !_unknownFields.Contains(text))
        {
            _unknownFields.Add(text);
        }
    }

    // An event named an error is one, whatever its data, even if no parser knows it.
    private void KeepError(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (type.SequenceEqual("error"u8) && _state.Error is null or { Type: null, Message: null, StatusCode: null })
        {
            _state = _state.WithError(ErrorObject.ReadEvent(data));
        }
    }

    private bool ApplyValue(StreamEvent value, bool isReduced = false)
    {
        bool isRead = Parse(value, isReduced);
        KeepError(value.Type, value.Data);
        return isRead;
    }

    // Some servers leave out the blank lines between events.
    private bool ApplyValues(StreamEvent streamEvent, ReadOnlySpan<byte> data)
    {
        bool isAllRead = true;
        int brokenLines = 0;
        var values = new JsonValues(data);
        long skipped = SkippedEvents;
        while (values.Next(out ReadOnlySpan<byte> value))
        {
            bool isRead = ApplyValue(new StreamEvent(streamEvent.Type, value, streamEvent.IsWholeBody)) || OpenAIChatParser.IsDone(value);
            if (!isRead && brokenLines < MaxBrokenLines && HidesValues(value, streamEvent.IsWholeBody))
            {
                brokenLines++;
                values.GoToSecondLine();
            }

            isAllRead &= isRead;
        }

        SkippedEvents = isAllRead ? skipped : skipped + 1;
        return false;
    }

    // Returns whether a value's first line is broken, so that the values of the next lines seem to be in it.
    private bool HidesValues(ReadOnlySpan<byte> value, bool isWholeBody)
    {
        int line = value.IndexOf((byte)'\n');
        if (line < 0 || isWholeBody || _choice.Parser is not (null or IProbedProtocol))
        {
            return false;
        }

        ReadOnlySpan<byte> next = value[(line + 1)..];
        return (next.StartsWith("{"u8) || next.StartsWith("[DONE]"u8)) && IsBroken(value);
    }

    private void ApplyReduced(StreamEvent streamEvent)
    {
        ReadCounts();
        _capture?.Begin(streamEvent.Data, isReduced: true);
        ApplyValue(streamEvent, isReduced: true);
    }

    private bool Parse(StreamEvent streamEvent, bool isReduced)
    {
        if (_brokenEvents >= MaxBrokenEvents && !isReduced && IsBroken(streamEvent.Data))
        {
            _hasContent = true;
            SkippedEvents++;
            return false;
        }

        try
        {
            if (!_choice.IsCertain)
            {
                Choose(streamEvent);
            }

            if (_choice.Parser is { } parser)
            {
                Read(_choice.IsEnveloped ? OpenEnvelope(streamEvent) : streamEvent, parser);
                if (parser is not IProbedProtocol || IsReadable(streamEvent.Data))
                {
                    return true;
                }
            }
            else if (IsMark(streamEvent))
            {
                return false;
            }
            else if ((FlatError.Find(streamEvent.Data) ?? FlatError.Find(Envelope.Open(streamEvent.Data))) is { } error)
            {
                _hasContent = true;
                _state = _state.WithError(error);
                return false;
            }
        }
        catch (Exception fault)
        {
            Note(fault);
        }

        _hasContent = true;
        SkippedEvents++;
        return false;
    }

    private void Read(StreamEvent streamEvent, IUsageParser parser)
    {
        _hasUsage = false;
        (long sum, long? output) = (_state.Tokens.LargestSum, _state.Tokens.OutputTokens);
        _state = parser.Apply(streamEvent.With(this), _state);
        bool isCounted = _hasUsage || sum != _state.Tokens.LargestSum || output != _state.Tokens.OutputTokens;
        if (isCounted && _state is { CountsOutput: true, IsOutputPlaceholder: false })
        {
            _output.OnUsage();
        }
    }

    private void Note(Exception fault)
    {
        _parserFault ??= fault;
        _brokenEvents += fault is JsonException ? 1 : 0;
    }

    /// <summary>Returns whether data that begins like a JSON object is broken. Avoids most exceptions, each of which
    /// costs as much as parsing some hundred bytes.</summary>
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
        if (_choice.TryChoose(streamEvent, ref fault))
        {
            _hasContent = true;
            _excerpt?.Release();
            _excerpt = null;
        }

        if (fault is not null)
        {
            Note(fault);
        }
    }

    private StreamEvent OpenEnvelope(StreamEvent streamEvent)
    {
        ReadOnlySpan<byte> content = Envelope.Open(streamEvent.Data);
        if (!content.IsEmpty)
        {
            return new StreamEvent(streamEvent.Type, content, streamEvent.IsWholeBody);
        }

        if (FlatError.Find(streamEvent.Data) is { } error)
        {
            _state = _state.WithError(error);
        }

        return streamEvent;
    }

    // Built-in protocols are JSON and ignore other data.
    private static bool IsReadable(ReadOnlySpan<byte> data)
    {
        int start = data.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 || data[start] == (byte)'{' || OpenAIChatParser.IsDone(data);
    }

    // Returns whether an event is an end marker or a ping.
    private static bool IsMark(StreamEvent streamEvent) =>
        !streamEvent.Data.ContainsAnyExcept(" \t\r\n"u8) || OpenAIChatParser.IsDone(streamEvent.Data)
            || streamEvent.Type.SequenceEqual("ping"u8)
        || (streamEvent.Data.Length < MaxPingLength && streamEvent.Data.IndexOf("\"ping\""u8) >= 0);

    // Parses the last event that matched a template since the parser read one.
    private void ReadCounts()
    {
        if (_counts.Length == 0)
        {
            return;
        }

        _readsCountsOnly = true;
        try
        {
            _state = _choice.Parser!.Apply(new StreamEvent(default, _counts.Span).With(this), _state);
        }
        catch (Exception fault)
        {
            _parserFault ??= fault;
        }

        _readsCountsOnly = false;
        _counts.Clear();
    }
}
