using System.Globalization;
using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Recording;

namespace StreamUsage.Tests.Support;

/// <summary>A body read to its end, and all that was found in it.</summary>
internal sealed record ReadBody
{
    public string? Protocol { get; init; }

    public ApiFormat Format { get; init; }

    public UsageAccumulator State { get; init; }

    public StreamOutcome Outcome { get; init; }

    public int StatusCode { get; init; }

    public string? UsageJson { get; init; }

    public long EventCount { get; init; }

    public long SkippedEvents { get; init; }

    public long OutputCharacters { get; init; }

    public int IgnoredCounts { get; init; }

    public SettledUsage Settled { get; init; }

    public IReadOnlyList<string> UnknownUsageFields { get; init; } = [];

    /// <summary>All that rules decide in a line, for tables.</summary>
    public string Facts => string.Join(
        " | ",
        Outcome,
        Counts,
        (Settled.IsInputReported ? "in " : "") + (Settled.IsOutputReported ? "out" : Settled.IsOutputPartial ? "partly" : ""),
        State.StopReason ?? "-",
        Settled.Anomalies);

    public TokenUsage Usage => State.Usage;

    /// <summary>The buckets in a line, for tables.</summary>
    public string Counts => Describe(Usage);

    public static string Describe(in TokenUsage u) =>
        string.Create(CultureInfo.InvariantCulture, $"in {u.InputTokens} read {u.CacheReadInputTokens} write {u.CacheCreationInputTokens} "
            + $"({u.CacheCreation5mInputTokens}+{u.CacheCreation1hInputTokens}) out {u.OutputTokens} reasoning "
            + $"{(u.ReasoningTokens is { } r ? r : "-")}");

    /// <summary>Server-sent events, one of each data.</summary>
    public static string Sse(params ReadOnlySpan<string> data)
    {
        var body = new StringBuilder();
        foreach (string d in data)
        {
            body.Append("data: ").Append(d).Append("\n\n");
        }

        return body.ToString();
    }

    public static ReadBody OfEvents(params ReadOnlySpan<string> data) => Of(Sse(data));

    public static ReadBody Of(string body, ApiFormat format = default, int pieceLength = int.MaxValue) =>
        Of(Encoding.UTF8.GetBytes(body), format, pieceLength);

    public static ReadBody Of(ReadOnlySpan<byte> body,
        ApiFormat format = default, int pieceLength = int.MaxValue, long maxEventBytes = 1024 * 1024, Random? lengths = null)
    {
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), maxEventBytes), format);
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(lengths?.Next(1, pieceLength) ?? pieceLength, body.Length - at);
            byte[] piece = body.Slice(at, length).ToArray();
            reader.Read(piece);
            Array.Clear(piece); // The bytes are the caller's again: nothing may still point at them.
            at += length;
        }

        return Finish(reader, body.Length);
    }

    public static ReadBody Finish(BodyReader reader, long bytes)
    {
        reader.Finish();
        Verdict verdict = OutcomeRules.Decide(null, reader.Events.State, reader.Events.State.IsComplete,
            reader.Events.Protocol is not null, StreamEnd.EndOfBody, bytes == 0 || reader.Events.IsSilent);
        var read = new ReadBody
        {
            Protocol = reader.Events.Protocol,
            Format = reader.Events.Format,
            State = reader.Events.State,
            Outcome = verdict.Outcome,
            StatusCode = verdict.StatusCode,
            UsageJson = reader.Events.TakeReportedUsageJson().Text,
            EventCount = reader.Events.EventCount,
            SkippedEvents = reader.Events.SkippedEvents,
            OutputCharacters = reader.Events.OutputCharacters,
            IgnoredCounts = reader.Events.IgnoredCounts,
            Settled = reader.Events.Settled,
            UnknownUsageFields = reader.Events.UnknownUsageFields,
        };
        reader.Release();
        return read;
    }

    /// <summary>What a parser tells beside the state.</summary>
    public static OutputRecorder Observe(IUsageParser parser, bool isWholeBody, params ReadOnlySpan<string> data)
    {
        var output = new OutputRecorder();
        UsageAccumulator state = default;
        foreach (string d in data)
        {
            state = parser.Apply(new StreamEvent(default, Encoding.UTF8.GetBytes(d), isWholeBody).With(output), state);
        }

        return output;
    }
}
