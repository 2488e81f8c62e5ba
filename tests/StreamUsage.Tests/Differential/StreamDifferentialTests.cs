using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Differential;

/// <summary>
/// Whatever a stream is asked, the tracked one says what the untracked one says: bytes, ends, positions and exceptions,
/// at the call or in the task.
/// </summary>
public sealed class StreamDifferentialTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    public static TheoryData<string, Source, bool> Rows { get; } = MakeRows();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_tracked_stream_says_what_the_untracked_one_says(string name, Source source, bool drains)
    {
        string expected = await RunAsync(name, source, null, drains);

        string actual = await RunAsync(name, source,
            new UsageTracker(new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits() : null }),
            drains);

        actual.Should().Be(expected);
    }

    private static TheoryData<string, Source, bool> MakeRows()
    {
        var rows = new TheoryData<string, Source, bool>();
        foreach (string name in StreamCases.All.Keys)
        {
            foreach (Source source in Enum.GetValues<Source>())
            {
                foreach (bool drains in new[] { false, true })
                {
                    if (IsComparable(name, source, drains))
                    {
                        rows.Add(name, source, drains);
                    }
                }
            }
        }

        return rows;
    }

    // HttpClient drains a disposed HTTP/1.1 body itself, for as long as it likes, and what is drained here is no longer
    // its reader's to ask. Whether a file's read is done before it is canceled is chance. Without draining, the
    // caller's cancellation closes an HTTP/1.1 connection; with it, it does not.
    private static bool IsComparable(string name, Source source, bool drains) => name switch
    {
        "read after dispose" => !drains && source != Source.Http1,
        "cancelled during a read" or "cancelled during a copy" => source != Source.File && (!drains || source != Source.Http1),
        _ => true,
    };

    private async Task<string> RunAsync(string name, Source source, UsageTracker? tracker, bool drains)
    {
        await using Body body = await Body.OpenAsync(source, provider);
        if (tracker is not null && body.Response is null)
        {
            body.Stream = tracker.Track(body.Stream, Track.Nothing, out _);
        }
        else if (body.Response is { } response)
        {
            _ = tracker is null ? null : response.TrackUsage(tracker, Track.Nothing);
            body.Stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        }

        var transcript = new Transcript(drains);
        await StreamCases.All[name](body.Stream, body, transcript);
        return transcript.ToString();
    }
}
