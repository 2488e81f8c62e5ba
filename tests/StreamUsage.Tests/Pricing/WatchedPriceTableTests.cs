using Microsoft.Extensions.Time.Testing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Pricing;

/// <summary>A table in a file that changes while it is used.</summary>
public sealed class WatchedPriceTableTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prices-");
    private readonly FakeTimeProvider _time = new(PriceTables.Noon);
    private readonly RecordingLog _log = new();

    private string TablePath => Path.Combine(_folder.FullName, "prices.json");

    private string OverridesPath => Path.Combine(_folder.FullName, "own.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_new_file_takes_the_old_ones_place_after_the_interval()
    {
        Write(TablePath, price: 1, minute: 0);
        using PriceTable table = Open();
        PriceOf(table).Should().Be(1);

        Write(TablePath, price: 2, minute: 1);
        PriceOf(table).Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(30));

        PriceOf(table).Should().Be(2);
        _log.Lines.Where(line => line.EventId == 31).Should().HaveCount(2);
    }

    [Fact]
    public void A_bad_file_leaves_the_old_table_in_use_and_is_logged_once()
    {
        Write(TablePath, price: 1, minute: 0);
        using PriceTable table = Open();

        File.WriteAllText(TablePath, """[{"id":"acme","models":[{"id":"m","prices":{"input_mtok":"much"}}]}]""");
        File.SetLastWriteTimeUtc(TablePath, PriceTables.Noon.UtcDateTime.AddMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(5));

        PriceOf(table).Should().Be(1);
        table.LastFault.Should().BeOfType<FormatException>().Which.Message.Should().Contain("acme/m");
        _log.Lines.Should().ContainSingle(line => line.EventId == 32);

        Write(TablePath, price: 3, minute: 9);
        table.Reload().Should().BeTrue();
        PriceOf(table).Should().Be(3);
        table.LastFault.Should().BeNull();
    }

    [Fact]
    public void A_file_that_returns_unchanged_ends_the_fault()
    {
        Write(TablePath, price: 1, minute: 0);
        using PriceTable table = Open();
        string elsewhere = TablePath + ".moved";
        File.Move(TablePath, elsewhere);
        table.Reload().Should().BeFalse();

        File.Move(elsewhere, TablePath);

        table.Reload().Should().BeTrue();
        table.LastFault.Should().BeNull();
        PriceOf(table).Should().Be(1);
    }

    [Fact]
    public void Without_a_file_records_are_unpriced_until_there_is_one()
    {
        using PriceTable table = Open();
        PricingResult before = table.Evaluate(PriceTables.Used(new TokenUsage { InputTokens = 1 }));

        Write(TablePath, price: 1, minute: 0);
        _time.Advance(TimeSpan.FromSeconds(30));

        (before.UnpricedReason, table.LastWritten is not null).Should().Be((UnpricedReasons.NoTable, true));
        PriceOf(table).Should().Be(1);
    }

    [Fact]
    public void Overrides_are_watched_as_well()
    {
        Write(TablePath, price: 1, minute: 0);
        Write(OverridesPath, price: 5, minute: 0);
        using PriceTable table = Open(OverridesPath);
        PriceOf(table).Should().Be(5);

        Write(OverridesPath, price: 6, minute: 1);
        _time.Advance(TimeSpan.FromSeconds(30));

        PriceOf(table).Should().Be(6);
    }

    [Fact]
    public void A_table_says_when_its_file_was_written()
    {
        Write(TablePath, price: 1, minute: -90);
        using PriceTable table = Open();

        (table.LastWritten, table.Age).Should().Be((PriceTables.Noon.AddMinutes(-90), TimeSpan.FromMinutes(90)));
        PriceTable fixedTable = PriceTable.Load(TablePath);
        (fixedTable.LastWritten, fixedTable.Age).Should().Be((null, null));
    }

    [Fact]
    public async Task The_meter_shows_the_age_of_the_table_in_use()
    {
        using var meters = new Meters();
        using PriceTable table = Open();
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Pricing = table, MeterFactory = meters });
        meters.Observe();
        meters.Sums("streamusage.price_table.age").Should().BeEmpty("there is no table yet");

        Write(TablePath, price: 1, minute: -90);
        table.Reload();
        _time.Advance(TimeSpan.FromHours(1));
        meters.Observe();
        await tracker.DisposeAsync();
        meters.Observe();

        meters.Sums("streamusage.price_table.age").Should().Equal(("prices.json", 150 * 60));
    }

    [Fact]
    public void A_configuration_that_fails_leaves_the_old_table_in_use()
    {
        Write(TablePath, price: 1, minute: 0);
        bool fails = false;
        using PriceTable table = PriceTable.Watch(TablePath, list => fails ? throw new KeyNotFoundException() : list, timeProvider: _time);

        fails = true;
        Write(TablePath, price: 2, minute: 1);
        _time.Advance(TimeSpan.FromSeconds(30));

        PriceOf(table).Should().Be(1);
        table.LastFault.Should().BeOfType<KeyNotFoundException>();
    }

    [Fact]
    public void What_a_table_is_given_holds_for_each_new_file()
    {
        Write(TablePath, price: 1, minute: 0);
        Write(OverridesPath, price: 5, minute: 0);
        using PriceTable table = PriceTable.Watch(
            TablePath, list => list.WithOverrides(PriceTable.Load(OverridesPath)).WithMultiplier(_ => 2), timeProvider: _time);
        PriceOf(table).Should().Be(10);

        Write(TablePath, price: 2, minute: 1);
        _time.Advance(TimeSpan.FromSeconds(30));

        PriceOf(table).Should().Be(10);
        table.Invoking(watched => watched.WithoutEstimates()).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_table_that_was_disposed_stays_in_use_and_is_not_read_again()
    {
        Write(TablePath, price: 1, minute: 0);
        PriceTable table = Open();
        table.Dispose();

        Write(TablePath, price: 2, minute: 1);
        _time.Advance(TimeSpan.FromHours(1));

        PriceOf(table).Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(90_000)]
    public void An_interval_out_of_range_is_refused(int seconds)
    {
        FluentActions.Invoking(() => PriceTable.Watch(TablePath, interval: TimeSpan.FromSeconds(seconds)))
            .Should().Throw<ArgumentOutOfRangeException>();
    }

    private PriceTable Open(string? overridesPath = null) =>
        PriceTable.Watch(TablePath, overridesPath: overridesPath, loggerFactory: _log, timeProvider: _time);

    private static decimal? PriceOf(PriceTable table) => table.Price(PriceTables.Used(new TokenUsage { InputTokens = 1_000_000 }))?.Input;

    private static void Write(string path, int price, int minute)
    {
        File.WriteAllText(path, $$"""[{"id":"acme","models":[{"id":"m","prices":{"input_mtok":{{price}} } }]}]""");
        File.SetLastWriteTimeUtc(path, PriceTables.Noon.UtcDateTime.AddMinutes(minute));
    }
}
