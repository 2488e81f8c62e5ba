using System.Diagnostics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sqlite;

/// <summary>Sink calls continue the request's trace, though the record comes from the disk.</summary>
public sealed class OutboxTraceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("outbox").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_sink_is_called_in_the_trace_of_the_request()
    {
        ActivityTraceId? seen = null;
        var sink = new TestSink
        {
            Before = (_, _) =>
            {
                seen = Activity.Current?.TraceId;
                return default;
            },
        };
        await using var process = new OutboxSetup(Path.Combine(_folder, "outbox.db"), sink);

        ActivityTraceId expected;
        using (Activity request = new Activity("request").Start())
        {
            expected = request.TraceId;
            process.Read("1");
        }

        await process.Tracker.FlushAsync().WaitAsync(Patience);
        seen.Should().Be(expected);
    }
}
