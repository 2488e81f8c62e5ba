using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using StreamUsage.Export;

namespace Gateway;

/// <summary>Answers the operator's questions from the store.</summary>
internal static class UsageEndpoints
{
    public static void MapUsage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/live", static (LiveFeed feed, UsageTracker tracker, IHostApplicationLifetime host, CancellationToken left) =>
            TypedResults.ServerSentEvents(feed.WatchAsync(tracker, host.ApplicationStopping, left)));
        endpoints.MapGet("/usage", static async (SqliteUsageStore store, [AsParameters] Filter filter,
            [Range(0, int.MaxValue)] int offset = 0, [Range(1, 10_000)] int limit = 100) =>
        {
            IReadOnlyList<UsageSum> sums = await store.SumAsync(filter.ToQuery());
            IReadOnlyList<UsageSum> total = await store.SumAsync(filter.ToQuery() with { GroupBy = UsageGrouping.None });
            int? next = offset + limit < sums.Count ? offset + limit : null;
            return new { Sums = sums.Skip(offset).Take(limit).ToArray(), Total = total.SingleOrDefault(), next };
        });
        endpoints.MapGet("/usage.csv", static (SqliteUsageStore store, [AsParameters] Filter filter) =>
            WriteCsvAsync(csv => store.WriteCsvAsync(filter.ToQuery(), csv)));
        endpoints.MapGet("/usage/focus.csv", static (SqliteUsageStore store, [AsParameters] Filter filter) => WriteCsvAsync(async csv =>
        {
            var report = new FocusReport(new FocusOptions { BillingAccountId = "gateway" });
            for (IReadOnlyList<UsageRecord>? page = null; page is not []; page.ToList().ForEach(record => report.Add(record)))
            {
                page = await store.ListAsync(filter.ToQuery(), 1_000, page?[^1].Id);
            }

            report.WriteCsv(csv);
        }));
        endpoints.MapGet("/usage/records", static async (SqliteUsageStore store, [AsParameters] Filter filter, Guid? after,
            [Range(1, 10_000)] int limit = 100) =>
        {
            IReadOnlyList<UsageRecord> page = await store.ListAsync(filter.ToQuery(), limit, after);
            string next = page.Count == limit ? $"\"{page[^1].Id}\"" : "null";
            return Json($"{{\"records\":[{string.Join(",\n", page.Select(Write))}],\"next\":{next}}}");
        });
        endpoints.MapGet("/usage/records/{id:guid}", static async (SqliteUsageStore store, Guid id) =>
            await store.FindAsync(id) is { } record ? Json(Write(record)) : Results.NotFound());
    }

    private static string Write(UsageRecord record) => Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(record));

    private static IResult Json(string json) => Results.Text(json, "application/json", Encoding.UTF8);

    private static async Task<IResult> WriteCsvAsync(Func<TextWriter, Task> write)
    {
        using var csv = new StringWriter(CultureInfo.InvariantCulture);
        await write(csv);
        return Results.Text(csv.ToString(), "text/csv", Encoding.UTF8);
    }

    private sealed record Filter(
        DateTimeOffset? From, DateTimeOffset? To, string? UserId, string? ApiKeyId, string? Model, string? Provider, UsageStatus? Status,
        UsageGrouping? GroupBy)
    {
        public UsageQuery ToQuery() => new()
        {
            From = From,
            To = To,
            UserId = UserId,
            ApiKeyId = ApiKeyId,
            Model = Model,
            Provider = Provider,
            Status = Status,
            GroupBy = GroupBy ?? UsageGrouping.None,
        };
    }
}
