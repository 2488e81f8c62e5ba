namespace StreamUsage.Benchmarks.Workloads;

/// <summary>A generated stream and the right answer.</summary>
internal sealed class Workload(string name, Protocol protocol, EventStreamWriter stream, Totals totals)
{
    public const int StandardEvents = 4_000;

    private const int ShortEvents = 40;

    private static readonly Lazy<IReadOnlyList<Workload>> Standard = new(() =>
    [
        InTwoLengths(static events => ClaudeText.Create("claude", EnglishText.NextPhrase, events)),
        InTwoLengths(static events => ClaudeText.Create("claude-chinese", ChineseText.NextPhrase, events)),
        InTwoLengths(static events => ChatCompletion.Create("chat", events)),
        InTwoLengths(static events => OpenAIResponse.Create("responses", events)),
        InTwoLengths(static events => ClaudeTools.Create("claude-tools", events)),
        InTwoLengths(static events => GeminiAnswer.Create("gemini", events)),
    ]);

    public static IReadOnlyList<Workload> All => Standard.Value;

    public string Name => name;

    public Protocol Protocol => protocol;

    public byte[] Body { get; } = stream.ToArray();

    /// <summary>The position after each event.</summary>
    public int[] EventEnds { get; } = stream.GetEventEnds();

    public int EventCount => EventEnds.Length;

    /// <summary>Gets the same workload with few events.</summary>
    public Workload Short { get; private set; } = null!;

    public long DataBytes { get; } = stream.DataBytes;

    public Totals Totals => totals;

    private static Workload InTwoLengths(Func<int, Workload> create)
    {
        Workload workload = create(StandardEvents);
        workload.Short = create(ShortEvents);
        return workload;
    }
}
