namespace StreamUsage.Parsing;

/// <summary>One event as a parser sees it: spans over the bytes where they lie, valid during the call only.</summary>
public readonly ref struct StreamEvent
{
    private readonly IOutputObserver? _output;

    /// <summary>Creates an event.</summary>
    /// <param name="type">The event's type in UTF-8; empty where none was named.</param>
    /// <param name="data">The event's data in UTF-8.</param>
    /// <param name="isWholeBody">Whether the data is a JSON object of a body that is not a stream of events: the body itself, or a line of it.</param>
    public StreamEvent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, bool isWholeBody = false)
    {
        Type = type;
        Data = data;
        IsWholeBody = isWholeBody;
    }

    /// <summary>The event's type in UTF-8; empty where none was named.</summary>
    public ReadOnlySpan<byte> Type { get; }

    /// <summary>The event's data in UTF-8. Of an event over <see cref="StreamUsageOptions.MaxEventBytes"/> only what is short: long strings are cut and long arrays end early.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Whether the data is a JSON object of a body that is not a stream of events: the body itself, or a line of it, so that an answer in it is whole. The elements of an array are a stream.</summary>
    public bool IsWholeBody { get; }

    /// <summary>Gets the observer of the event's output.</summary>
    internal IOutputObserver Output => _output ?? NoObserver.Instance;

    /// <summary>Reports text of the answer. Reported output is counted, for the time to the first token and for an estimate, and kept where a capture asks for it.</summary>
    /// <param name="utf8">The text in UTF-8: the inside of a JSON string as it was sent where <paramref name="isEscaped"/>, else plain.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes in it (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a protocol has one.</param>
    public void ReportText(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) => Output.OnOutput(OutputKind.Text, choiceIndex, utf8, isEscaped);

    /// <summary>Reports reasoning that is shown; see <see cref="ReportText"/>.</summary>
    /// <param name="utf8">The text in UTF-8.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes in it.</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a protocol has one.</param>
    public void ReportReasoning(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) => Output.OnOutput(OutputKind.Reasoning, choiceIndex, utf8, isEscaped);

    /// <summary>Reports the name of a tool that is called; see <see cref="ReportText"/>. A name begins a call.</summary>
    /// <param name="utf8">The name in UTF-8.</param>
    /// <param name="isEscaped">Whether the name has JSON escapes in it.</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a protocol has one.</param>
    public void ReportToolName(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) => Output.OnOutput(OutputKind.ToolName, choiceIndex, utf8, isEscaped);

    /// <summary>Reports a part of a tool call's arguments; see <see cref="ReportText"/>.</summary>
    /// <param name="utf8">The arguments in UTF-8.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes in it: the arguments are then JSON inside a JSON string.</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a protocol has one.</param>
    public void ReportToolArguments(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) => Output.OnOutput(OutputKind.ToolArguments, choiceIndex, utf8, isEscaped);

    /// <summary>Reports the provider's usage object, for <see cref="UsageRecord.ReportedUsageJson"/>.</summary>
    /// <param name="utf8Json">The object as it was sent.</param>
    /// <param name="isCumulative">Whether its fields replace those of the object before and the others stay; else it replaces that object as a whole.</param>
    public void ReportUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative = false) => Output.OnReportedUsage(utf8Json, isCumulative);

    /// <summary>Returns the event with an observer of its output.</summary>
    internal StreamEvent With(IOutputObserver output) => new(this, output);

    private StreamEvent(StreamEvent streamEvent, IOutputObserver output)
    {
        this = streamEvent;
        _output = output;
    }

    // An event that a test of a parser makes has none.
    private sealed class NoObserver : IOutputObserver
    {
        public static readonly NoObserver Instance = new();

        public void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
        {
        }

        public void OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative)
        {
        }

        public void OnIgnoredCount(ReadOnlySpan<byte> name)
        {
        }
    }
}
