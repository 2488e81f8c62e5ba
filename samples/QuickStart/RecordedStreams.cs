using StreamUsage;

namespace QuickStart;

/// <summary>Replays a folder of recorded streams and prints what was expected beside what was found.</summary>
internal static class RecordedStreams
{
    /// <returns>Whether there were streams, and each came through as it was sent and, where it has expected values, was
    /// read as they say.</returns>
    public static async Task<bool> RunAsync(string folder)
    {
        IReadOnlyList<Recording> recordings = Recording.LoadAll(folder);
        await using ReplayProvider provider =
            await ReplayProvider.StartAsync([.. recordings.Select(recording => recording.Answer)], largestChunk: 4000, longestPause: 0);
        await using var tracker = new UsageTracker(new Unstored());
        using var http = new HttpClient { BaseAddress = provider.Address };

        int asExpected = 0, different = 0, withoutExpected = 0;
        foreach (Recording recording in recordings)
        {
            Exchange exchange = await Exchange.RunAsync(http, recording.Answer, tracker);
            List<string> differences = [.. recording.Expected?.Compare(exchange.Record) ?? []];
            if (recording.Format is { } format && format != exchange.Record.Protocol)
            {
                differences.Add($"format: expected {format}, found {exchange.Record.Protocol ?? "none"}");
            }

            if (!exchange.SameBytes)
            {
                differences.Add("the bytes that came are not the bytes that were sent");
            }

            string verdict;
            if (differences.Count > 0)
            {
                different++;
                verdict = "different  ";
            }
            else if (recording.Expected is null)
            {
                withoutExpected++;
                verdict = "not checked";
            }
            else
            {
                asExpected++;
                verdict = "as expected";
            }

            Console.WriteLine($"{verdict}  {recording.Answer.Name}: {Summary(exchange.Record)}");
            differences.ForEach(difference => Console.WriteLine($"             {difference}"));
        }

        Console.WriteLine();
        Console.WriteLine(
            $"{recordings.Count} streams: {asExpected} as expected, {different} different, {withoutExpected} without expected values");
        return recordings.Count > 0 && different == 0;
    }

    private static string Summary(UsageRecord record)
    {
        TokenUsage usage = record.Usage;
        return $"{record.Outcome}, input {usage.InputTokens}, cache read {usage.CacheReadInputTokens}, cache creation "
            + $"{usage.CacheCreationInputTokens} ({record.InputSource}), " +
            $"output {usage.OutputTokens} ({record.OutputSource})";
    }

    /// <summary>Here the handle's own record is all that is wanted.</summary>
    private sealed class Unstored : IUsageSink
    {
        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
