using CsCheck;
using StreamUsage.Accounting;

namespace StreamUsage.Tests.Accounting;

/// <summary>Two names of one count in one object: a 0 never replaces a count, and the protocol's own name stands before
/// others.</summary>
public sealed class UsageReportTests
{
    [Theory]
    [InlineData("940@0 0@1", 940, UsageAnomalies.None)]
    [InlineData("0@0 940@1", 940, UsageAnomalies.None)]
    [InlineData("0@0 0@1", 0, UsageAnomalies.None)]
    [InlineData("940@0 940@1", 940, UsageAnomalies.None)]
    [InlineData("940@0 812@1", 940, UsageAnomalies.ConflictingCounts)]
    [InlineData("812@1 940@0", 940, UsageAnomalies.ConflictingCounts)]
    [InlineData("5@2 7@1 0@0", 7, UsageAnomalies.ConflictingCounts)]
    [InlineData("5@1 5@2 5@3", 5, UsageAnomalies.None)]
    [InlineData("5@1 9@1", 9, UsageAnomalies.ConflictingCounts)]
    public void The_count_of_several_names_is_this(string names, long count, UsageAnomalies anomalies)
    {
        UsageReport report = Of(names.Split(' '));

        report.Get(UsageCount.Input).Should().Be(count);
        BucketRules.Apply(report.ToTokens(TokenConvention.None), out UsageAnomalies found);
        found.Should().Be(anomalies);
    }

    [Fact]
    public void The_order_of_names_does_not_matter() =>
        Gen.Select(Gen.Select(Gen.Long[0, 3], Gen.Byte[0, 3], (value, rank) => $"{value}@{rank}").Array[0, 6], Gen.Int)
            .Sample((names, seed) =>
            {
                string[] shuffled = [.. names];
                new Random(seed).Shuffle(shuffled);

                Of(shuffled).ToTokens(TokenConvention.None).Should().Be(Of(names).ToTokens(TokenConvention.None));
            });

    [Theory]
    [InlineData(null, 10000, 37)]
    [InlineData(0, 10000, 37)]
    [InlineData(50, 10000, 50)]
    [InlineData(0, 9000, 0)]
    public void A_whole_prompt_under_anothers_name_serves_where_the_own_count_is_missing(int? own, long whole, long input)
    {
        UsageReport report = default;
        report.Add(UsageCount.CacheRead, 9963, 0);
        report.Add(UsageCount.InputWithCache, whole, 0);
        if (own is { } count)
        {
            report.Add(UsageCount.Input, count, 0);
        }

        report.ToTokens(TokenConvention.None).InputTokens.Should().Be(input);
    }

    [Theory]
    [InlineData(null, 30)]
    [InlineData(0, 30)]
    [InlineData(12, 12)]
    public void Cache_reads_by_modality_serve_where_their_own_count_is_missing(int? own, long cacheRead)
    {
        UsageReport report = default;
        report.CacheModalities = default(ModalityCounts).With("TEXT"u8, 10).With("AUDIO"u8, 20);
        if (own is { } count)
        {
            report.Add(UsageCount.CacheRead, count, 0);
        }

        report.ToTokens(TokenConvention.None).CacheReadTokens.Should().Be(cacheRead);
    }

    private static UsageReport Of(string[] names)
    {
        UsageReport report = default;
        foreach (string name in names)
        {
            string[] parts = name.Split('@');
            report.Add(UsageCount.Input, long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture),
                byte.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
        }

        return report;
    }
}
