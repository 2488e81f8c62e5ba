using System.Net;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Streams that are all open at once, held half way by the provider until all have come so far: every record
/// must be right, and there is one a stream.</summary>
internal static class ConcurrentLoad
{
    private const int MostStreams = 2_000, Events = 50, Rounds = 9, WarmUpRounds = 5;

    public static async Task<LiveTable> MeasureAsync(ProviderProcess provider, int mostStreams)
    {
        int streams = Math.Min(MostStreams, mostStreams);
        var table = new LiveTable(
            $"{streams:N0} streams of {Events} events at once, all records right: streams a second, both processes on this machine; median "
                + $"(quartiles) of {Rounds} rounds",
            ["", "untracked", "tracked", "tracked to untracked"]);
        foreach (Version version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            var batch = new StreamBatch("all at once",
                new StreamAddress("claude", Events), version, streams, streams)
            { IsHeldHalfWay = true };
            List<double> untracked = [], tracked = [];
            await using var plain = new UntrackedReader();
            await using var ours = new TrackedReader();
            using HttpClient client = ProviderProcess.CreateClient();

            // The first rounds open the connections, and their code is compiled.
            for (int round = -WarmUpRounds; round < Rounds; round++)
            {
                double without = streams / (await batch.RunAsync(provider, client, plain)).TotalSeconds;
                double with = streams / (await batch.RunAsync(provider, client, ours)).TotalSeconds;
                if (round >= 0)
                {
                    untracked.Add(without);
                    tracked.Add(with);
                }
            }

            if (await ours.FinishAsync() is { } fault)
            {
                throw new WrongAnswerException($"{batch.Description}: {fault}");
            }

            table.Add(batch.Description, $"{Lane.Median(untracked):N0}",
                $"{Lane.Median(tracked):N0}", Spread.Of(tracked.Zip(untracked, static (with, without) => with / without)).ToString());
        }

        return table;
    }
}
