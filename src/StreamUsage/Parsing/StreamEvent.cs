namespace StreamUsage.Parsing;

/// <summary>Represents one event for a parser. Its spans are valid only during the call.</summary>
public readonly ref struct StreamEvent
{
    private readonly IOutputObserver? _output;

    /// <summary>Creates an event.</summary>
    /// <param name="type">The event's type in UTF-8; empty if none.</param>
    /// <param name="data">The event's data in UTF-8.</param>
    /// <param name="isWholeBody">The value of <see cref="IsWholeBody"/>.</param>
    public StreamEvent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, bool isWholeBody = false)
    {
        Type = type;
        Data = data;
        IsWholeBody = isWholeBody;
    }

    /// <summary>Gets the type in UTF-8 from the event's framing, such as the field <c>event</c> of SSE; empty if
    /// none.</summary>
    public ReadOnlySpan<byte> Type { get; }

    /// <summary>Gets the event's data in UTF-8. An event over <see cref="StreamUsageOptions.MaxEventBytes"/> is valid
    /// JSON in which long strings are cut and long arrays end early.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Gets whether the data is an object of a body without event framing: the whole body, or one line of JSON
    /// lines. False for a server-sent event and for an element of a JSON array.</summary>
    public bool IsWholeBody { get; }

    internal IOutputObserver Output => _output ?? NoObserver.Instance;

    /// <summary>Reports a piece of the answer's text. The characters of reported output are counted, and its tokens are
    /// estimated if no usage follows. The first piece sets <see cref="UsageRecord.TimeToFirstToken"/>.</summary>
    /// <param name="utf8">The text in UTF-8, or the raw inside of a JSON string if
    /// <paramref name="isEscaped"/>.</param>
    /// <param name="isEscaped">Whether the text contains JSON escapes
    /// (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    /// <param name="choiceIndex">The choice's index; 0 if the protocol has one choice.</param>
    public void ReportText(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) =>
        Output.OnOutput(OutputKind.Text, choiceIndex, utf8, isEscaped);

    /// <summary>Reports a piece of visible reasoning, which is counted like text.</summary>
    /// <param name="utf8">The text in UTF-8, or the raw inside of a JSON string if
    /// <paramref name="isEscaped"/>.</param>
    /// <param name="isEscaped">Whether the text contains JSON escapes
    /// (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    /// <param name="choiceIndex">The choice's index; 0 if the protocol has one choice.</param>
    public void ReportReasoning(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) =>
        Output.OnOutput(OutputKind.Reasoning, choiceIndex, utf8, isEscaped);

    /// <summary>Reports the whole name of a called tool, which begins a call. Its characters are not counted, but its
    /// tokens are estimated.</summary>
    /// <param name="utf8">The text in UTF-8, or the raw inside of a JSON string if
    /// <paramref name="isEscaped"/>.</param>
    /// <param name="isEscaped">Whether the text contains JSON escapes
    /// (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    /// <param name="choiceIndex">The choice's index; 0 if the protocol has one choice.</param>
    public void ReportToolName(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) =>
        Output.OnOutput(OutputKind.ToolName, choiceIndex, utf8, isEscaped);

    /// <summary>Reports a piece of the arguments of the latest tool call, which is counted like text.</summary>
    /// <param name="utf8">The text in UTF-8, or the raw inside of a JSON string if
    /// <paramref name="isEscaped"/>.</param>
    /// <param name="isEscaped">Whether the text contains JSON escapes
    /// (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    /// <param name="choiceIndex">The choice's index; 0 if the protocol has one choice.</param>
    public void ReportToolArguments(ReadOnlySpan<byte> utf8, bool isEscaped = false, int choiceIndex = 0) =>
        Output.OnOutput(OutputKind.ToolArguments, choiceIndex, utf8, isEscaped);

    /// <summary>Reports the provider's usage object for <see cref="UsageRecord.ReportedUsageJson"/>. It sets no counts:
    /// see <see cref="Accounting.UsageAccumulator.MergeCounts"/>.</summary>
    /// <param name="utf8Json">The object as received; ignored if empty.</param>
    /// <param name="isCumulative">True if its members replace those of the previous object and the others stay; false
    /// if it replaces the whole object.</param>
    public void ReportUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative = false) => Output.OnReportedUsage(utf8Json, isCumulative);

    internal StreamEvent With(IOutputObserver output) => new(this, output);

    private StreamEvent(StreamEvent streamEvent, IOutputObserver output)
    {
        this = streamEvent;
        _output = output;
    }

    // Events that a test of a parser creates have no observer.
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
