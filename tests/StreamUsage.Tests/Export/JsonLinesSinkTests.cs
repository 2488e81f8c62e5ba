using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace StreamUsage.Tests.Export;

/// <summary>A file of whole lines, whatever happened to the process or the disk that wrote it.</summary>
public sealed class JsonLinesSinkTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamusage-");

    private string File => Path.Combine(_folder.FullName, "usage.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Records_are_appended_one_a_line(bool flushes)
    {
        UsageRecord[] records = [.. Records(5)];
        using (var sink = new JsonLinesSink(File, new JsonLinesSinkOptions { FlushToDisk = flushes }))
        {
            await sink.RecordAsync(records[0], default);
            await sink.RecordBatchAsync(records[1..3], default);
            Read(File).Should().Equal(records[..3].Select(r => r.Id), "others may read what is there");
        }

        using (var sink = new JsonLinesSink(File))
        {
            await Task.WhenAll(sink.RecordAsync(records[3], default).AsTask(), sink.RecordAsync(records[4], default).AsTask());
        }

        Read(File).Should().BeEquivalentTo(records.Select(r => r.Id));
    }

    [Fact]
    public async Task A_torn_last_line_is_repaired_wherever_it_was_torn()
    {
        UsageRecord[] records = [.. Records(3)];
        byte[] whole = [.. UsageRecordJson.ToUtf8Bytes(records[0]), (byte)'\n', .. UsageRecordJson.ToUtf8Bytes(records[1]), (byte)'\n'];
        int second = Array.IndexOf(whole, (byte)'\n') + 1;
        for (int length = second; length <= whole.Length; length++)
        {
            await System.IO.File.WriteAllBytesAsync(File, whole[..length], TestContext.Current.CancellationToken);
            using (var sink = new JsonLinesSink(File, new JsonLinesSinkOptions { FlushToDisk = false }))
            {
                await sink.RecordAsync(records[2], default);
            }

            // A line that lacks nothing but its end is whole.
            Read(File).Should().Equal(
                length >= whole.Length - 1 ? [records[0].Id, records[1].Id, records[2].Id] : [records[0].Id, records[2].Id]);
        }
    }

    [Fact]
    public async Task A_file_that_is_full_is_set_aside_and_the_oldest_go()
    {
        UsageRecord[] records = [.. Records(7)];
        int line = UsageRecordJson.ToUtf8Bytes(records[0]).Length + 1;
        using (var sink = new JsonLinesSink(
            File, new JsonLinesSinkOptions { MaxFileBytes = (2 * line) + 1, MaxArchivedFiles = 2, FlushToDisk = false },
            new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))))
        {
            foreach (UsageRecord record in records)
            {
                await sink.RecordAsync(record, default);
            }
        }

        string[] files = [.. _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];
        files.Should().Equal("usage-20260102T030405-0001.jsonl", "usage-20260102T030405-0002.jsonl", "usage.jsonl");
        files.SelectMany(file => Read(Path.Combine(_folder.FullName, file))).Should().Equal(records[2..].Select(r => r.Id));
    }

    [Fact]
    public async Task The_newest_archives_stay_if_many_are_made_in_one_second()
    {
        UsageRecord[] records = [.. Records(11)];
        using (var sink = new JsonLinesSink(File, TwoLines(records[0], maxArchives: 2), At(second: 5)))
        {
            foreach (UsageRecord record in records)
            {
                await sink.RecordAsync(record, default);
            }
        }

        string[] files = [.. _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];
        files.Should().Equal("usage-20260102T030405-0003.jsonl", "usage-20260102T030405-0004.jsonl", "usage.jsonl");
        files.SelectMany(file => Read(Path.Combine(_folder.FullName, file))).Should().Equal(records[6..].Select(r => r.Id));
    }

    [Fact]
    public async Task The_newest_archive_stays_if_the_clock_is_set_back()
    {
        UsageRecord[] records = [.. Records(5)];
        using (var sink = new JsonLinesSink(File, TwoLines(records[0], maxArchives: 1), At(second: 30)))
        {
            await sink.RecordBatchAsync(records[..2], default);
            await sink.RecordBatchAsync(records[2..4], default);
        }

        using (var sink = new JsonLinesSink(File, TwoLines(records[0], maxArchives: 1), At(second: 5)))
        {
            await sink.RecordAsync(records[4], default);
        }

        string archive = _folder.GetFiles("usage-*.jsonl").Should().ContainSingle().Which.FullName;
        Read(archive).Should().Equal(records[2].Id, records[3].Id);
    }

    [Fact]
    public async Task A_sink_that_was_closed_fails()
    {
        var sink = new JsonLinesSink(File);
        sink.Dispose();
        await FluentActions.Awaiting(async () => await sink.RecordAsync(new UsageRecord(), default))
            .Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public void Wrong_options_are_named()
    {
        FluentActions.Invoking(() => new JsonLinesSink(File, new JsonLinesSinkOptions { MaxFileBytes = 0 }))
            .Should().Throw<ArgumentException>().WithMessage("JsonLinesSinkOptions.MaxFileBytes *");
        FluentActions.Invoking(() => new JsonLinesSink(File, new JsonLinesSinkOptions { MaxArchivedFiles = -1 }))
            .Should().Throw<ArgumentException>().WithMessage("JsonLinesSinkOptions.MaxArchivedFiles *");
    }

    // A third line begins a new file.
    private static JsonLinesSinkOptions TwoLines(UsageRecord record, int maxArchives) => new()
    {
        MaxFileBytes = (2 * (UsageRecordJson.ToUtf8Bytes(record).Length + 1)) + 1,
        MaxArchivedFiles = maxArchives,
        FlushToDisk = false,
    };

    private static FakeTimeProvider At(int second) => new(new DateTimeOffset(2026, 1, 2, 3, 4, second, TimeSpan.Zero));

    private static IEnumerable<UsageRecord> Records(int count) =>
        Enumerable.Range(0, count).Select(i => new UsageRecord { Id = Guid.NewGuid(), Context = new UsageContext { RequestId = $"{i}" } });

    private static List<Guid> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        string text = reader.ReadToEnd();
        text.Should().Match(t => t.Length == 0 || t.EndsWith('\n'));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)).Id)];
    }
}
