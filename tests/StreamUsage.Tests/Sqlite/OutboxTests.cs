using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StreamUsage.Sqlite;
using StreamUsage.Sqlite.Outbox;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sqlite;

/// <summary>A record in the outbox survives its process, and so does a stream that was open.</summary>
public sealed class OutboxTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("outbox").FullName;
    private readonly TestSink _sink = new();

    private string FilePath => Path.Combine(_folder, "outbox.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_record_is_stored_and_then_delivered()
    {
        await using var process = new OutboxSetup(FilePath, _sink);

        DeliveryResult result = await process.Read("1").Delivery.WaitAsync(Patience);
        await process.Tracker.FlushAsync().WaitAsync(Patience);

        result.Should().Be(DeliveryResult.Stored);
        _sink.Ids.Should().Equal("1");
    }

    [Fact]
    public async Task An_outbox_opens_where_the_flow_of_the_execution_context_is_suppressed()
    {
        OutboxSetup process;
        using (ExecutionContext.SuppressFlow())
        {
            process = new OutboxSetup(FilePath, _sink);
        }

        await using (process)
        {
            (await process.Read("1").Delivery.WaitAsync(Patience)).Should().Be(DeliveryResult.Stored);
        }
    }

    [Fact]
    public async Task Records_come_in_the_order_in_which_they_were_stored()
    {
        await using var process = new OutboxSetup(FilePath, _sink);

        for (int i = 0; i < 50; i++)
        {
            await process.Read($"{i}").Completion.WaitAsync(Patience);
        }

        await process.Tracker.FlushAsync().WaitAsync(Patience);
        _sink.Ids.Should().Equal(Enumerable.Range(0, 50).Select(i => $"{i}"));
    }

    [Fact]
    public async Task Records_are_stored_while_others_end()
    {
        await using var process = new OutboxSetup(FilePath, _sink);

        DeliveryResult[] results = await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => process.Read($"{i}").Delivery))
            .WaitAsync(Patience);
        await process.Tracker.FlushAsync().WaitAsync(Patience);

        results.Should().AllBeEquivalentTo(DeliveryResult.Stored);
        _sink.Ids.Should().OnlyHaveUniqueItems().And.HaveCount(5000);
    }

    [Fact]
    public async Task Endings_are_added_while_others_are_written()
    {
        var settlements = new OutboxSettlements();
        using OutboxFile file = OutboxFile.OpenOrCreate(FilePath, "process");
        Task adding = Task.Run(() =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                settlements.Add($"{i}", isFailed: false);
            }
        });

        file.Begin();
        do
        {
            settlements.Forget(settlements.Write(file, DateTimeOffset.UnixEpoch));
        }
        while (!adding.IsCompleted || !settlements.IsEmpty);

        file.Commit();
        await adding;
    }

    [Fact]
    public async Task A_delivered_record_is_not_delivered_by_the_next_process()
    {
        await using (var process = new OutboxSetup(FilePath, _sink))
        {
            await process.Read("1").Completion.WaitAsync(Patience);
            await process.Tracker.FlushAsync().WaitAsync(Patience);
        }

        await using var next = new OutboxSetup(FilePath, _sink);
        await next.Read("2").Completion.WaitAsync(Patience);
        await next.Tracker.FlushAsync().WaitAsync(Patience);

        _sink.Ids.Should().Equal("1", "2");
    }

    [Fact]
    public async Task A_record_that_its_sink_did_not_take_is_delivered_by_the_next_process()
    {
        _sink.Before = (_, _) => throw new IOException("down");
        UsageRecord record;
        await using (var process = new OutboxSetup(FilePath, _sink))
        {
            record = await process.Read("1").Completion.WaitAsync(Patience);
        }

        _sink.Before = null;
        await using var next = new OutboxSetup(FilePath, _sink);
        await next.Tracker.FlushAsync().WaitAsync(Patience);

        _sink.Taken.Should().ContainSingle().Which.Should().BeEquivalentTo(record);
    }

    [Fact]
    public async Task A_record_that_stays_in_the_outbox_is_not_reported_as_lost()
    {
        _sink.Before = (_, _) => throw new IOException("down");
        int lost = 0;
        await using (var process = new OutboxSetup(FilePath, _sink, options => options.OnDeliveryFailed = (_, _) =>
        {
            Interlocked.Increment(ref lost);
            return ValueTask.CompletedTask;
        }))
        {
            await process.Read("1").Completion.WaitAsync(Patience);
        }

        lost.Should().Be(0);
    }

    [Theory]
    [InlineData(200, StreamOutcome.Interrupted, 502)]
    [InlineData(429, StreamOutcome.ProviderError, 429)]
    public async Task A_stream_that_was_open_when_its_process_died_is_recorded_by_the_next(
        int httpStatus, StreamOutcome outcome, int statusCode)
    {
        string copy = Path.Combine(_folder, "copy", "outbox.db");
        await using (var process = new OutboxSetup(FilePath, new TestSink()))
        {
            byte[] begin = Answers.Bytes(Answers.ClaudeStart + Answers.ClaudeText);
            using Stream stream = process.Open("open", [.. begin, .. begin], out UsageTracking tracking, httpStatus);
            stream.ReadExactly(begin);
            await WaitForAsync(() => Content(FilePath + "-wal").Contains("\"open\"", StringComparison.Ordinal));
            await process.Tracker.FlushAsync().WaitAsync(Patience); // The transaction that has begun is written as a whole.
            CopyAsAfterDeath(copy);
        }

        await using var next = new OutboxSetup(copy, _sink);
        await WaitForAsync(() => !_sink.Taken.IsEmpty);

        UsageRecord record = _sink.Taken.Should().ContainSingle().Subject;
        record.Context.RequestId.Should().Be("open");
        (record.Outcome, record.Status, record.StatusCode).Should().Be((outcome, UsageStatus.Failed, statusCode));
        (record.ErrorType == "process_ended").Should().Be(outcome == StreamOutcome.Interrupted);
        record.Usage.InputTokens.Should().Be(25);
        (record.InputSource, record.OutputSource).Should().Be((TokenSource.Reported, TokenSource.Estimated));
    }

    [Fact]
    public async Task More_records_than_the_queue_holds_wait_on_disk()
    {
        _sink.Before = (_, _) => throw new IOException("down");
        await using var process = new OutboxSetup(FilePath, _sink, capacity: 5);
        for (int i = 0; i < 50; i++)
        {
            await process.Read($"{i}").Completion.WaitAsync(Patience);
        }

        await Task.Delay(200, TestContext.Current.CancellationToken); // Longer than a record waits for a full queue.
        await WaitForAsync(() => process.Tracker.GetSinkStatus().Single().QueueLength == 50);
        _sink.Before = null;
        await process.Tracker.FlushAsync().WaitAsync(Patience);

        _sink.Ids.Should().BeEquivalentTo(Enumerable.Range(0, 50).Select(i => $"{i}"));
    }

    [Fact]
    public void Two_trackers_do_not_share_an_outbox()
    {
        var services = new ServiceCollection();
        services.AddStreamUsage("one").AddSqliteOutbox(FilePath);

        FluentActions.Invoking(() => services.AddStreamUsage("two").AddSqliteOutbox(FilePath))
            .Should().Throw<ArgumentException>().WithParameterName("path");
    }

    [Fact]
    public async Task A_second_process_has_a_file_of_its_own()
    {
        await using var process = new OutboxSetup(FilePath, _sink);
        await process.Read("1").Completion.WaitAsync(Patience);

        await using var second = new OutboxSetup(FilePath, _sink);
        await second.Read("2").Completion.WaitAsync(Patience);

        Directory.GetFiles(_folder, "*.db").Select(Path.GetFileName).Should().BeEquivalentTo("outbox.db", "outbox-1.db");
    }

    [Fact]
    public async Task The_file_of_an_ended_process_is_taken_over_by_a_living_one()
    {
        await using var living = new OutboxSetup(FilePath, _sink);
        await living.Read("1").Completion.WaitAsync(Patience);
        await using (var ended = new OutboxSetup(FilePath, new TestSink { Before = (_, _) => throw new IOException("down") }))
        {
            await ended.Read("2").Completion.WaitAsync(Patience);
        }

        await WaitForAsync(() => _sink.Taken.Count == 2);
        _sink.Ids.Should().BeEquivalentTo("1", "2");
    }

    [Fact]
    public async Task Where_the_file_cannot_be_written_records_are_delivered_directly()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        await using var process = new OutboxSetup(Path.Combine(_folder, "file", "outbox.db"), _sink);

        DeliveryResult result = await process.Read("1").Delivery.WaitAsync(Patience);
        await process.Tracker.FlushAsync().WaitAsync(Patience);

        result.Should().Be(DeliveryResult.Queued);
        _sink.Ids.Should().Equal("1");
        process.Log.Lines.Should().Contain(line => line.Text.Contains("cannot be used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_health_check_names_an_outbox_that_cannot_be_written()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        await using var process = new OutboxSetup(Path.Combine(_folder, "file", "outbox.db"), _sink);
        await process.Read("1").Completion.WaitAsync(Patience);

        HealthReport report = await process.CheckHealthAsync();

        report.Status.Should().Be(HealthStatus.Degraded);
        report.Entries.Values.Single().Description.Should().Contain("outbox");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    public async Task A_damaged_file_is_set_aside(int at)
    {
        _sink.Before = (_, _) => throw new IOException("down");
        await using (var process = new OutboxSetup(FilePath, _sink))
        {
            for (int i = 0; i < 20; i++)
            {
                await process.Read($"{i}").Completion.WaitAsync(Patience);
            }
        }

        _sink.Before = null;
        using (FileStream file = File.OpenWrite(FilePath))
        {
            file.Position = at;
            file.Write(Enumerable.Repeat((byte)0xA5, 300).ToArray());
        }

        await using var next = new OutboxSetup(FilePath, _sink);
        await next.Read("new").Completion.WaitAsync(Patience);
        await next.Tracker.FlushAsync().WaitAsync(Patience);

        _sink.Ids.Should().Contain("new").And.OnlyHaveUniqueItems();
        Directory.GetFiles(_folder, "*.damaged-*").Should().NotBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_is_done_to_the_files_the_next_process_works(int seed)
    {
        string copy = Path.Combine(_folder, "copy", "outbox.db");
        _sink.Before = (_, _) => throw new IOException("down");
        await using (var process = new OutboxSetup(FilePath, _sink))
        {
            for (int i = 0; i < 20; i++)
            {
                await process.Read($"{i}").Completion.WaitAsync(Patience);
            }

            CopyAsAfterDeath(copy);
        }

        _sink.Before = null;
        Damage(copy, new Random(seed));
        await using var next = new OutboxSetup(copy, _sink);
        await next.Read("new").Completion.WaitAsync(Patience);
        await WaitForAsync(() => _sink.Ids.Contains("new"));

        _sink.Ids.Should().OnlyHaveUniqueItems();
    }

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 20)];

    private static void Damage(string path, Random random)
    {
        string file = random.Next(2) == 0 ? path : path + "-wal";
        byte[] bytes = File.ReadAllBytes(file);
        if (random.Next(3) == 0)
        {
            Array.Resize(ref bytes, random.Next(bytes.Length + 1));
        }
        else
        {
            for (int i = random.Next(1, 20); i > 0; i--)
            {
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length))[..1]);
            }
        }

        File.WriteAllBytes(file, bytes);
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static string Content(string path)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return new StreamReader(file, System.Text.Encoding.Latin1).ReadToEnd();
    }

    private void CopyAsAfterDeath(string copy)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        foreach (string ending in (string[])["", "-wal"])
        {
            File.WriteAllText(copy + ending, Content(FilePath + ending), System.Text.Encoding.Latin1);
        }
    }
}
