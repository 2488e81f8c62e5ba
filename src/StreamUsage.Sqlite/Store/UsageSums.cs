using System.Globalization;
using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite;

/// <summary>Sums the rows of a store.</summary>
internal static class UsageSums
{
    // Text of a time, up to the hour or the day: 2026-11-29T13 and 2026-11-29.
    private static readonly (UsageGrouping Group, string Sql)[] Groups =
    [
        (UsageGrouping.Hour, "substr(started_at, 1, 13) || ':00:00Z'"),
        (UsageGrouping.Day, "substr(started_at, 1, 10) || 'T00:00:00Z'"),
        (UsageGrouping.User, "user_id"),
        (UsageGrouping.ApiKey, "api_key_id"),
        (UsageGrouping.Model, "model"),
        (UsageGrouping.Provider, "provider"),
    ];

    public static async Task<IReadOnlyList<UsageSum>> ReadAsync(
        SqliteConnection connection, UsageQuery query, CancellationToken cancellationToken)
    {
        // SQLite's own sum of decimals would round.
        connection.CreateAggregate("decimal_sum", 0m, static (decimal sum, string? cost) =>
            cost is null ? sum : sum + decimal.Parse(cost, NumberStyles.Float, CultureInfo.InvariantCulture),
            static sum => sum.ToString(CultureInfo.InvariantCulture), isDeterministic: true);
        (UsageGrouping Group, string Sql)[] groups = [.. Groups.Where(group => query.GroupBy.HasFlag(group.Group))];
        using SqliteCommand command = connection.CreateCommand();
        string where = UsageFilter.Where(command, query);
        string by = string.Join(", ", groups.Select(static group => group.Sql));
        command.CommandText = $"""
            SELECT count(*), total(status <> 'Completed'), total(input_source = 'Estimated' OR output_source = 'Estimated'),
                sum(input_tokens), sum(cache_read_tokens), sum(cache_creation_tokens), sum(cache_creation_5m_tokens),
                sum(cache_creation_1h_tokens), sum(output_tokens), decimal_sum(cost), total(cost IS NULL)
                {string.Concat(groups.Select(static group => ", " + group.Sql))}
            FROM usage_record {where} {(by.Length == 0 ? "" : $"GROUP BY {by} ORDER BY {by}")}
            """;
        var sums = new List<UsageSum>();
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (reader.GetInt64(0) != 0)
            {
                sums.Add(Read(reader, groups));
            }
        }

        return sums;
    }

    private static UsageSum Read(SqliteDataReader reader, (UsageGrouping Group, string Sql)[] groups)
    {
        string? Of(UsageGrouping group)
        {
            int at = Array.FindIndex(groups, other => other.Group == group);
            return at < 0 || reader.IsDBNull(11 + at) ? null : reader.GetString(11 + at);
        }

        return new UsageSum
        {
            Period = (Of(UsageGrouping.Hour) ?? Of(UsageGrouping.Day)) is { } period
                ? DateTimeOffset.Parse(period, CultureInfo.InvariantCulture) : null,
            UserId = Of(UsageGrouping.User),
            ApiKeyId = Of(UsageGrouping.ApiKey),
            Model = Of(UsageGrouping.Model),
            Provider = Of(UsageGrouping.Provider),
            Records = reader.GetInt64(0),
            FailedRecords = (long)reader.GetDouble(1),
            EstimatedRecords = (long)reader.GetDouble(2),
            BilledUsage = new TokenUsage
            {
                InputTokens = reader.GetInt64(3),
                CacheReadInputTokens = reader.GetInt64(4),
                CacheCreationInputTokens = reader.GetInt64(5),
                CacheCreation5mInputTokens = reader.GetInt64(6),
                CacheCreation1hInputTokens = reader.GetInt64(7),
                OutputTokens = reader.GetInt64(8),
            },
            Cost = decimal.Parse(reader.GetString(9), NumberStyles.Float, CultureInfo.InvariantCulture),
            UnpricedRecords = (long)reader.GetDouble(10),
        };
    }
}
