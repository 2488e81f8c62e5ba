using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Export.JsonLines;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>What others do to a file of lines while a sink writes to it: nothing that was stored is lost, and nothing
/// that is not the sink's is destroyed.</summary>
public sealed class JsonLinesAttackTests : IDisposable
{
    private readonly LineFolder _folder = new();

    private string File => _folder.File;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("usage.jsonl")]
    [InlineData("link.jsonl")]
    public void A_second_writer_of_a_file_is_refused(string second)
    {
        using var first = new JsonLinesSink(File, LineFolder.Quick);
        System.IO.File.CreateSymbolicLink(_folder.PathOf("link.jsonl"), File);
        UsageRecord record = LineFolder.Record();

        Action open = () => _ = new JsonLinesSink(_folder.PathOf(second), LineFolder.Quick);

        open.Should().Throw<IOException>().WithMessage("*usage.jsonl*");
        LineFolder.Write(first, record);
        LineFolder.Ids(File).Should().Equal(record.Id);
    }

    [Fact]
    public void A_file_that_was_closed_is_taken_over_and_its_lock_is_gone()
    {
        UsageRecord[] records = [LineFolder.Record(), LineFolder.Record()];
        foreach (UsageRecord record in records)
        {
            using var sink = new JsonLinesSink(File, LineFolder.Quick);
            LineFolder.Write(sink, record);
        }

        LineFolder.Ids(File).Should().Equal(records.Select(record => record.Id));
        _folder.Names.Should().Equal("usage.jsonl");
    }

    [Fact]
    public void Sinks_that_take_turns_lose_nothing()
    {
        int stored = 0;
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (int i = 0; i < 50; i++)
            {
                try
                {
                    using var sink = new JsonLinesSink(File, LineFolder.Quick);
                    LineFolder.Write(sink, LineFolder.Record());
                    Interlocked.Increment(ref stored);
                }
                catch (IOException)
                {
                    // Another one has the file.
                }
            }
        });

        stored.Should().BePositive();
        LineFolder.Ids(File).Should().HaveCount(stored).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Lines_of_another_writer_stay_where_they_are()
    {
        using var sink = new JsonLinesSink(File, LineFolder.Quick);
        LineFolder.Write(sink, LineFolder.Record());
        LineFolder.Append(File, string.Concat(Enumerable.Repeat("{\"foreign\":1}\n", 500)));

        LineFolder.Write(sink, LineFolder.Record());

        string[] lines = LineFolder.Text(File).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Should().HaveCount(502);
        lines[1..501].Should().OnlyContain(line => line == "{\"foreign\":1}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_last_line_without_an_end_is_moved_aside(bool isBehindLink)
    {
        UsageRecord record = LineFolder.Record();
        LineFolder.Append(_folder.PathOf("target.jsonl"), "whole line\nforeign, without an end");
        string path = isBehindLink ? File : _folder.PathOf("target.jsonl");
        if (isBehindLink)
        {
            System.IO.File.CreateSymbolicLink(path, _folder.PathOf("target.jsonl"));
        }

        using (var sink = new JsonLinesSink(path, LineFolder.Quick))
        {
            LineFolder.Write(sink, record);
        }

        LineFolder.Text(_folder.PathOf("target.jsonl")).Should().StartWith("whole line\n{").And.Contain($"{record.Id}").And.EndWith("}\n");
        LineFolder.Text(_folder.Find("target-*.jsonl.torn").Should().ContainSingle().Which).Should().Be("foreign, without an end");
    }

    [Fact]
    public void A_last_line_that_another_writer_leaves_without_an_end_while_the_sink_writes_is_moved_aside()
    {
        using var sink = new JsonLinesSink(File, LineFolder.Quick);
        LineFolder.Append(File, "no end");
        UsageRecord record = LineFolder.Record();

        LineFolder.Write(sink, record);

        LineFolder.Ids(File).Should().Equal(record.Id);
        LineFolder.Text(_folder.Find("*.torn").Should().ContainSingle().Which).Should().Be("no end");
    }

    [Fact]
    public void A_truncated_file_is_written_from_its_new_end()
    {
        using var sink = new JsonLinesSink(File, LineFolder.Quick);
        LineFolder.Write(sink, LineFolder.Record());
        System.IO.File.Copy(File, _folder.PathOf("copy"));
        LineFolder.Truncate(File);
        UsageRecord record = LineFolder.Record();

        LineFolder.Write(sink, record);

        LineFolder.Text(File).Should().NotContain("\0");
        LineFolder.Ids(File).Should().Equal(record.Id);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("renamed")]
    [InlineData("renamed and created anew")]
    [InlineData("replaced by a copy")]
    public void A_file_that_is_no_longer_in_its_place_is_begun_anew(string what)
    {
        using var sink = new JsonLinesSink(File, LineFolder.Quick);
        UsageRecord first = LineFolder.Record(), second = LineFolder.Record();
        LineFolder.Write(sink, first);
        string aside = _folder.PathOf("usage.jsonl.1");
        System.IO.File.Copy(File, aside);
        System.IO.File.SetLastWriteTimeUtc(aside, System.IO.File.GetLastWriteTimeUtc(File));
        switch (what)
        {
            case "deleted":
                System.IO.File.Delete(File);
                break;
            case "replaced by a copy":
                System.IO.File.Move(aside, File, overwrite: true);
                break;
            default:
                System.IO.File.Move(File, aside, overwrite: true);
                break;
        }

        if (what == "renamed and created anew")
        {
            System.IO.File.Create(File).Dispose();
        }

        LineFolder.Write(sink, second);

        if (System.IO.File.Exists(aside))
        {
            LineFolder.Ids(aside).Should().Equal(first.Id);
        }

        LineFolder.Ids(File).Should().Equal(what == "replaced by a copy" ? [first.Id, second.Id] : [second.Id]);
    }

    [Fact]
    public void Only_the_sinks_own_archives_are_deleted()
    {
        string[] foreign =
        [
            "usage-20250101T000000-0000.json", "usage-20250101T000000-0000.jsonl.gz", "usage-eu-20250101T000000-0000.jsonl",
            "usage-20251301T000000-0000.jsonl", "usage-20250101T000000-000.jsonl",
            "usage-20250101T000000-00x0.jsonl", "other-20250101T000000-0000.jsonl", "Usage-20250101T000000-0000.jsonl",
            "usage-20250101T000000.jsonl",
        ];
        foreach (string name in foreign)
        {
            LineFolder.Append(_folder.PathOf(name), "kept\n");
        }

        LineFolder.Append(_folder.PathOf("usage-20250101T000000-0000.jsonl"), "an archive\n");
        using var sink = new JsonLinesSink(
            File, new JsonLinesSinkOptions { MaxFileBytes = 1, MaxArchivedFiles = 0, FlushToDisk = false }, new FakeTimeProvider());
        LineFolder.Write(sink, LineFolder.Record());

        LineFolder.Write(sink, LineFolder.Record());

        _folder.Names.Should().BeEquivalentTo([.. foreign, "usage.jsonl", "usage.jsonl.lock"]);
    }

    [Theory]
    [InlineData("*.jsonl")]
    [InlineData("?.jsonl")]
    [InlineData("[a-z].jsonl")]
    [InlineData("*")]
    public void A_name_that_reads_like_a_pattern_deletes_nothing_of_others(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        LineFolder.Append(_folder.PathOf("usage-20250101T000000-0000.jsonl"), "kept\n");
        LineFolder.Append(_folder.PathOf("x-20250101T000000-0000"), "kept\n");
        using var sink = new JsonLinesSink(
            _folder.PathOf(name), new JsonLinesSinkOptions { MaxFileBytes = 1, MaxArchivedFiles = 0, FlushToDisk = false });
        LineFolder.Write(sink, LineFolder.Record());

        LineFolder.Write(sink, LineFolder.Record());

        _folder.Names.Should().BeEquivalentTo(name, name + ".lock", "usage-20250101T000000-0000.jsonl", "x-20250101T000000-0000");
    }

    [Fact]
    public void Files_are_for_their_owner_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        LineFolder.Append(_folder.PathOf("torn.jsonl"), "torn");
        using var sink = new JsonLinesSink(File, new JsonLinesSinkOptions { MaxFileBytes = 1, FlushToDisk = false });
        using var torn = new JsonLinesSink(_folder.PathOf("torn.jsonl"), LineFolder.Quick);
        LineFolder.Write(sink, LineFolder.Record());
        LineFolder.Write(sink, LineFolder.Record());

        string[] made = [.. _folder.Find("usage*"), .. _folder.Find("*.torn"), .. _folder.Find("*.lock")];

        made.Should().HaveCountGreaterThan(3).And.OnlyContain(file => OwnerOnly(file));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("{\"torn\":")]
    [InlineData("\0")]
    public void A_file_of_ten_gigabytes_is_opened_like_a_small_one(string end)
    {
        LineFolder.Truncate(File, 10L * 1024 * 1024 * 1024);
        LineFolder.Append(File, end);
        UsageRecord record = LineFolder.Record();
        TimeSpan before = ThreadTime.Now;
        long allocated = GC.GetAllocatedBytesForCurrentThread();

        using (var sink = new JsonLinesSink(File, new JsonLinesSinkOptions { MaxFileBytes = long.MaxValue, FlushToDisk = false }))
        {
            LineFolder.Write(sink, record);
        }

        (ThreadTime.Now - before).Should().BeLessThan(TimeSpan.FromMilliseconds(500), "it takes some milliseconds");
        (GC.GetAllocatedBytesForCurrentThread() - allocated).Should().BeLessThan(1024 * 1024);
        _folder.Find("usage*").Sum(file => new FileInfo(file).Length)
            .Should().BeGreaterThan(10L * 1024 * 1024 * 1024, "nothing of it is gone");
    }

    [Fact]
    public async Task Calls_that_wait_end_when_the_sink_is_closed()
    {
        var time = new StoppedTime();
        var sink = new JsonLinesSink(File, new JsonLinesSinkOptions { MaxFileBytes = 1, FlushToDisk = false }, time);
        LineFolder.Write(sink, LineFolder.Record());
        Task writing = Task.Run(async () => await sink.RecordAsync(LineFolder.Record(), default));
        await time.Asked.Task;
        Task[] waiting = [.. Enumerable.Range(0, 5).Select(_ => sink.RecordAsync(LineFolder.Record(), default).AsTask())];
        Task closing = Task.Run(sink.Dispose);

        foreach (Task call in waiting)
        {
            await call.Awaiting(task => task).Should().ThrowAsync<ObjectDisposedException>();
        }

        time.Goes.Set();
        await Task.WhenAll(writing, closing);
        _folder.Find("usage*.jsonl").Sum(file => LineFolder.Ids(file).Count).Should().Be(2, "the call that was writing has written");
    }

    [Theory]
    [InlineData("")]
    [InlineData("foreign\n")]
    public void What_a_failed_write_has_left_is_cut_off_unless_others_have_written_behind_it(string foreign)
    {
        bool isFull = true;
        using var file = new JsonLinesFile(File, LineFolder.Quick, TimeProvider.System, (handle, bytes, offset) =>
        {
            RandomAccess.Write(handle, isFull ? bytes[..5] : bytes, offset);
            if (isFull)
            {
                throw new IOException("No space left on device");
            }
        });
        FluentActions.Invoking(() => file.Append("a whole line\n"u8)).Should().Throw<IOException>();
        LineFolder.Append(File, foreign);
        isFull = false;

        file.Append("a whole line\n"u8);

        LineFolder.Text(File).Should().Be(foreign.Length == 0 ? "a whole line\n" : "a whoforeign\na whole line\n");
        _folder.Find("*.torn").Should().BeEmpty("the sink knows its own");
    }

    [Fact]
    public void A_lock_that_many_ask_for_is_held_by_one()
    {
        int holders = 0, most = 0;
        var time = Stopwatch.StartNew();

        Parallel.For(0, 4, _ =>
        {
            while (time.ElapsedMilliseconds < 1000 || Volatile.Read(ref most) == 0)
            {
                try
                {
                    using ExclusiveFileLock? taken = ExclusiveFileLock.Take(File);
                    int held = Interlocked.Increment(ref holders);
                    Thread.Yield();
                    most = Math.Max(most, taken is null ? 1 : held);
                    Interlocked.Decrement(ref holders);
                }
                catch (IOException)
                {
                    // Somebody else holds it.
                }
            }
        });

        most.Should().Be(1);
    }

    [Fact]
    public void A_pipe_is_no_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes in folders.");
        using (Process made = Process.Start("mkfifo", File))
        {
            made.WaitForExit();
        }

        Action open = () => _ = new JsonLinesSink(File, LineFolder.Quick);

        open.Should().Throw<IOException>().WithMessage("*not a regular file*");
        _folder.Names.Should().Equal("usage.jsonl");
    }

    private static bool OwnerOnly(string file) =>
        !OperatingSystem.IsWindows() && System.IO.File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>A clock that, once asked, does not answer until it may: the file that asks it for a name is being
    /// written meanwhile.</summary>
    private sealed class StoppedTime : TimeProvider
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Goes { get; } = new();

        public override DateTimeOffset GetUtcNow()
        {
            Asked.TrySetResult();
            Goes.Wait(TestContext.Current.CancellationToken);
            return DateTimeOffset.UnixEpoch;
        }
    }
}
