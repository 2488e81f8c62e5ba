using System.Text;
using Microsoft.EntityFrameworkCore;

namespace StreamUsage.Snippets;

#region entity sink
internal sealed class UsageDbSink(UsageDb db) : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
        RecordBatchAsync([record], cancellationToken);

    public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        List<Guid> ids = [.. records.Select(record => record.Id)];
        List<Guid> known = await db.Usage.Select(row => row.Id).Where(id => ids.Contains(id)).ToListAsync(cancellationToken);
        db.Usage.AddRange(records.Where(record => !known.Contains(record.Id)).Select(UsageEntity.Of));
        await db.SaveChangesAsync(cancellationToken);
    }
}
#endregion

#region entity
internal sealed class UsageEntity
{
    public Guid Id { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public string? UserId { get; init; }

    public string? Model { get; init; }

    public long InputTokens { get; init; }

    public long CacheReadTokens { get; init; }

    public long CacheCreationTokens { get; init; }

    public long OutputTokens { get; init; }

    public decimal? Cost { get; init; }

    public string Record { get; init; } = "";

    public static UsageEntity Of(UsageRecord record) => new()
    {
        Id = record.Id,
        StartedAt = record.StartedAt,
        UserId = record.Context.UserId,
        Model = record.ResponseModel ?? record.Context.Model,
        InputTokens = record.BilledUsage.InputTokens,
        CacheReadTokens = record.BilledUsage.CacheReadInputTokens,
        CacheCreationTokens = record.BilledUsage.CacheCreationInputTokens,
        OutputTokens = record.BilledUsage.OutputTokens,
        Cost = record.Cost?.Total,
        Record = Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(record)),
    };
}
#endregion

internal sealed class UsageDb(DbContextOptions<UsageDb> options) : DbContext(options)
{
    public DbSet<UsageEntity> Usage => Set<UsageEntity>();
}
