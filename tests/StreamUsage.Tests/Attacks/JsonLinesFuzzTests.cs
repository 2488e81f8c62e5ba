using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>
/// A file of lines to which everything is done that others do: no record that was stored is lost, unless somebody else
/// truncated it, and no line is forged. Seconds unless STREAMUSAGE_FUZZ_SECONDS says how many.
/// </summary>
public sealed class JsonLinesFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void No_stored_record_is_lost_and_no_line_is_forged()
    {
        long rounds = 0, stored = 0, refused = 0;
        foreach (int seed in FuzzTime.Rounds(unlessTimed: 60))
        {
            var random = new Random(seed);
            using var folder = new LineFolder();
            (int here, int not) = Run(folder, random, seed);
            rounds++;
            stored += here;
            refused += not;
        }

        output.WriteLine($"{rounds} files, {stored} records stored, {refused} writers refused");
    }

    private static (int Stored, int Refused) Run(LineFolder folder, Random random, int seed)
    {
        var stored = new HashSet<Guid>();
        int refused = 0, aside = 0, foreign = 0;
        JsonLinesSink? sink = null;
        for (int step = random.Next(5, 40); step > 0; step--)
        {
            sink ??= new JsonLinesSink(folder.File, new JsonLinesSinkOptions
            {
                FlushToDisk = false,
                MaxFileBytes = random.Next(2) == 0 ? long.MaxValue : random.Next(1, 5000),
            });
            switch (random.Next(12))
            {
                case 0:
                    sink.Dispose();
                    sink = null;
                    break;
                case 1:
                    LineFolder.Append(folder.File, "foreign\n");
                    foreign++;
                    break;
                case 2:
                    LineFolder.Append(folder.File, "foreign"); // Its end follows, or does not.
                    foreign++;
                    break;
                case 3:
                    System.IO.File.Move(folder.File, folder.PathOf($"aside-{aside++}"));
                    break;
                case 4:
                    System.IO.File.Copy(folder.File, folder.PathOf($"aside-{aside++}"));
                    LineFolder.Truncate(folder.File); // As copytruncate does it.
                    break;
                case 5:
                    System.IO.File.Copy(folder.File, folder.PathOf("copy"));
                    System.IO.File.Move(folder.PathOf("copy"), folder.File, overwrite: true);
                    break;
                case 6:
                    sink.Dispose();
                    sink = null;
                    LineFolder.Append(folder.File, "{\"version\":1,\"id\":\"torn"); // By a crash.
                    break;
                case 7:
                    Assert.Throws<IOException>(() => new JsonLinesSink(folder.File));
                    refused++;
                    break;
                default:
                    UsageRecord[] records =
                        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => LineFolder.Record(new string('x', random.Next(300))))];
                    sink.RecordBatchAsync(records, default).AsTask().GetAwaiter().GetResult();
                    stored.UnionWith(records.Select(record => record.Id));
                    break;
            }

            if (!System.IO.File.Exists(folder.File))
            {
                LineFolder.Truncate(folder.File); // As a rotation creates it anew.
            }
        }

        sink?.Dispose();
        Verify(folder, stored, foreign, seed);
        return (stored.Count, refused);
    }

    private static void Verify(LineFolder folder, HashSet<Guid> stored, int foreign, int seed)
    {
        var seen = new HashSet<Guid>();
        int seenForeign = 0;
        foreach (string file in folder.Find("*"))
        {
            string text = LineFolder.Text(file);
            text.Should().NotContain("\0", "seed {0}, {1}", seed, file);
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string rest = line;
                while (rest.StartsWith("foreign", StringComparison.Ordinal))
                {
                    rest = rest["foreign".Length..];
                    seenForeign++;
                }

                if (rest.Length != 0 && !rest.StartsWith("{\"version\":1,\"id\":\"torn", StringComparison.Ordinal))
                {
                    seen.Add(UsageRecordJson.Read(Answers.Bytes(rest)).Id); // Whole, or the test fails.
                }
                else if (rest.Contains("foreign", StringComparison.Ordinal))
                {
                    seenForeign++;
                }
            }
        }

        seen.Should().BeEquivalentTo(stored, "seed {0}", seed);
        seenForeign.Should().BeGreaterThanOrEqualTo(foreign, "seed {0}: what is not the sink's stays", seed);
        folder.Names.Should().NotContain("usage.jsonl.lock", "seed {0}", seed);
    }
}
