using StreamUsage.Pricing;
using StreamUsage.Sqlite;

namespace StreamUsage.Tests.Sqlite;

/// <summary>The store has one row a record, and sums them.</summary>
public sealed class StoreTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("store").FullName;
    private readonly SqliteUsageStore _store;

    public StoreTests() => _store = new SqliteUsageStore(Path.Combine(_folder, "usage.db"));

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_record_is_found_as_it_was_stored()
    {
        UsageRecord record = Record("ann", "gpt-5", 10, 0.000000075m);

        await StoreAsync(record);

        (await _store.FindAsync(record.Id)).Should().BeEquivalentTo(record);
    }

    [Fact]
    public async Task A_record_that_comes_twice_is_one_row()
    {
        UsageRecord record = Record("ann", "gpt-5", 10, 1m);

        await StoreAsync(record, record);
        await StoreAsync(record with { BilledUsage = new TokenUsage { InputTokens = 11 } });

        IReadOnlyList<UsageSum> sums = await _store.SumAsync(new UsageQuery());
        sums.Should().ContainSingle();
        sums[0].Records.Should().Be(1);
        sums[0].BilledUsage.InputTokens.Should().Be(11);
    }

    [Theory]
    [InlineData("process_ended", 10)]
    [InlineData("timeout", 3)]
    [InlineData(null, 3)]
    public async Task A_record_is_replaced_unless_by_the_last_state_before_a_crash(string? errorType, long tokens)
    {
        UsageRecord record = Record("ann", "gpt-5", 10, 1m);
        await StoreAsync(record);

        await StoreAsync(record with { ErrorType = errorType, BilledUsage = new TokenUsage { InputTokens = 3 } });

        (await _store.SumAsync(new UsageQuery()))[0].BilledUsage.InputTokens.Should().Be(tokens);
    }

    [Fact]
    public async Task Costs_are_summed_to_the_last_digit()
    {
        await StoreAsync([.. Enumerable.Range(0, 1000).Select(_ => Record("ann", "gpt-5", 1, 0.000000075m))]);

        (await _store.SumAsync(new UsageQuery()))[0].Cost.Should().Be(0.000075m);
    }

    [Theory]
    [InlineData(UsageGrouping.None, 1)]
    [InlineData(UsageGrouping.User, 2)]
    [InlineData(UsageGrouping.Model, 2)]
    [InlineData(UsageGrouping.User | UsageGrouping.Model, 3)]
    [InlineData(UsageGrouping.Hour, 2)]
    [InlineData(UsageGrouping.Day, 1)]
    [InlineData(UsageGrouping.Provider | UsageGrouping.ApiKey, 1)]
    public async Task Sums_are_grouped(UsageGrouping grouping, int groups)
    {
        await StoreAsync(
            Record("ann", "gpt-5", 1, 1m), Record("ann", "claude-sonnet-4-5", 2, 2m), Record("bob", "gpt-5", 4, null, Noon.AddHours(1)));

        IReadOnlyList<UsageSum> sums = await _store.SumAsync(new UsageQuery { GroupBy = grouping });

        sums.Should().HaveCount(groups);
        sums.Sum(sum => sum.BilledUsage.InputTokens).Should().Be(7);
        sums.Sum(sum => sum.Cost).Should().Be(3m);
        sums.Sum(sum => sum.UnpricedRecords).Should().Be(1);
    }

    [Theory]
    [InlineData("ann", null, 3)]
    [InlineData(null, "gpt-5", 5)]
    [InlineData("bob", "gpt-5", 4)]
    public async Task A_query_selects_by_user_and_model(string? user, string? model, long tokens)
    {
        await StoreAsync(Record("ann", "gpt-5", 1, 1m), Record("ann", "claude-sonnet-4-5", 2, 2m), Record("bob", "gpt-5", 4, 3m));

        IReadOnlyList<UsageSum> sums = await _store.SumAsync(new UsageQuery { UserId = user, Model = model });

        sums[0].BilledUsage.InputTokens.Should().Be(tokens);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(0, 2, 3)]
    public async Task A_query_selects_by_time_with_its_end_excluded(int from, int to, long tokens)
    {
        await StoreAsync(Record("ann", "gpt-5", 1, 1m), Record("ann", "gpt-5", 2, 1m, Noon.AddHours(1)));

        IReadOnlyList<UsageSum> sums = await _store.SumAsync(new UsageQuery { From = Noon.AddHours(from), To = Noon.AddHours(to) });

        sums[0].BilledUsage.InputTokens.Should().Be(tokens);
    }

    [Fact]
    public async Task A_store_without_matching_records_has_no_sums()
    {
        (await _store.SumAsync(new UsageQuery { UserId = "nobody" })).Should().BeEmpty();
    }

    [Fact]
    public async Task A_store_that_could_not_be_created_is_tried_again()
    {
        string folder = Path.Combine(_folder, "sub");
        File.WriteAllText(folder, "");
        var store = new SqliteUsageStore(Path.Combine(folder, "usage.db"));
        await FluentActions.Awaiting(() => store.SumAsync(new UsageQuery())).Should().ThrowAsync<IOException>();
        File.Delete(folder);

        (await store.SumAsync(new UsageQuery())).Should().BeEmpty();
    }

    [Fact]
    public async Task Records_are_listed_newest_first_and_page_by_page()
    {
        UsageRecord[] records = [.. Enumerable.Range(0, 5).Select(i => Record("ann", "gpt-5", i, 1m, Noon.AddHours(i / 2)))];
        await StoreAsync(records);

        IReadOnlyList<UsageRecord> first = await _store.ListAsync(new UsageQuery(), limit: 2);
        IReadOnlyList<UsageRecord> second = await _store.ListAsync(new UsageQuery(), limit: 2, first[^1].Id);
        IReadOnlyList<UsageRecord> last = await _store.ListAsync(new UsageQuery(), limit: 2, second[^1].Id);

        UsageRecord[] listed = [.. first, .. second, .. last];
        listed.Select(record => record.StartedAt).Should().BeInDescendingOrder();
        listed.Should().BeEquivalentTo(records);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("ann", 1)]
    [InlineData(null, 3)]
    public async Task An_empty_filter_takes_the_records_without_a_value(string? user, int count)
    {
        await StoreAsync(Record("ann", "gpt-5", 1, 1m), Record("bob", "gpt-5", 1, 1m), Record(null!, "gpt-5", 1, 1m));

        (await _store.ListAsync(new UsageQuery { UserId = user })).Should().HaveCount(count);
    }

    [Theory]
    [InlineData(UsageStatus.Completed, 1)]
    [InlineData(UsageStatus.Failed, 2)]
    [InlineData(UsageStatus.Cancelled, 0)]
    public async Task A_query_selects_by_status(UsageStatus status, int count)
    {
        UsageRecord record = Record("ann", "gpt-5", 1, 1m);
        await StoreAsync(
            record, record with { Id = Guid.NewGuid(), Status = UsageStatus.Failed },
            record with { Id = Guid.NewGuid(), Status = UsageStatus.Failed });

        (await _store.ListAsync(new UsageQuery { Status = status })).Should().HaveCount(count);
    }

    [Fact]
    public async Task Nothing_is_listed_after_a_record_that_is_not_there()
    {
        await StoreAsync(Record("ann", "gpt-5", 1, 1m));

        (await _store.ListAsync(new UsageQuery(), after: Guid.NewGuid())).Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public async Task A_page_has_one_to_ten_thousand_records(int limit)
    {
        await FluentActions.Awaiting(() => _store.ListAsync(new UsageQuery(), limit)).Should()
            .ThrowAsync<ArgumentOutOfRangeException>().WithParameterName(nameof(limit));
    }

    [Theory]
    [InlineData("ann", "ann")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("-1", "'-1")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    public async Task Sums_are_written_as_CSV_that_no_spreadsheet_runs(string user, string expected)
    {
        await StoreAsync(Record(user, "gpt-5", 7, 0.000000075m));
        using var csv = new StringWriter();

        await _store.WriteCsvAsync(new UsageQuery { GroupBy = UsageGrouping.User | UsageGrouping.Day }, csv);

        csv.ToString().Split("\r\n")[1].Should().Be($"2026-11-01 00:00:00Z,{expected},,,,1,0,0,7,0,0,0,0.000000075,0");
    }

    private ValueTask StoreAsync(params UsageRecord[] records) => _store.RecordBatchAsync(records, CancellationToken.None);

    private static UsageRecord Record(string user, string model, long tokens, decimal? cost, DateTimeOffset? startedAt = null) => new()
    {
        Id = Guid.NewGuid(),
        Context = new UsageContext { UserId = user, Model = model },
        Status = UsageStatus.Completed,
        StartedAt = startedAt ?? Noon,
        BilledUsage = new TokenUsage { InputTokens = tokens },
        Cost = cost is { } total ? new UsageCost { Total = total } : null,
    };
}
