namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A generated stream and the right answer.</summary>
internal sealed class Workload(string name, Protocol protocol, EventStreamWriter stream, Totals totals)
{
    public const int StandardEvents = 2_000;

    private static readonly Lazy<IReadOnlyList<Workload>> Standard = new(() =>
    [
        ClaudeText.Create("claude", EnglishText.NextPhrase, StandardEvents),
        ClaudeText.Create("claude-chinese", ChineseText.NextPhrase, StandardEvents),
        ChatCompletion.Create("chat", StandardEvents),
        OpenAIResponse.Create("responses", StandardEvents),
        ClaudeTools.Create("claude-tools", StandardEvents),
        GeminiAnswer.Create("gemini", StandardEvents),
    ]);

    public static IReadOnlyList<Workload> All => Standard.Value;

    public string Name => name;

    public Protocol Protocol => protocol;

    public byte[] Body { get; } = stream.ToArray();

    /// <summary>The position after each event.</summary>
    public int[] EventEnds { get; } = stream.GetEventEnds();

    public int EventCount => EventEnds.Length;

    public long DataBytes { get; } = stream.DataBytes;

    public Totals Totals => totals;
}
