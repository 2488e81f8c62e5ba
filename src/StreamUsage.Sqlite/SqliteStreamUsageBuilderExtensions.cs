using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamUsage.DependencyInjection;
using StreamUsage.Sqlite.Outbox;

namespace StreamUsage.Sqlite;

/// <summary>Adds SQLite to a tracker.</summary>
public static class SqliteStreamUsageBuilderExtensions
{
    /// <summary>Stores each record in a file before <see cref="UsageTracking.Completion"/> completes, with the result
    /// <see cref="DeliveryResult.Stored"/>. The sinks get it from there, also after a crash.</summary>
    /// <remarks>
    /// <para>Responses that are open when the process dies are recorded at the next start, as
    /// <see cref="StreamOutcome.Interrupted"/> with the error type <c>process_ended</c>.</para>
    /// <para>Delivery is in the background, with <see cref="BackgroundDeliveryOptions"/>, and at least once: a record
    /// may come again with the same <see cref="UsageRecord.Id"/>, after a crash, a call that failed, or a stop while
    /// another sink did not have it.</para>
    /// <para>A running process locks its file. Further processes with the same path use files beside it
    /// (<c>outbox-1.db</c>), and take over those of ended processes. The file must be on a local disk.</para>
    /// <para>If the file cannot be written, records are delivered directly, and an error is logged.</para>
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="path">The file. Its folder is created if it is missing.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="path"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or another tracker's, or an option is out
    /// of range.</exception>
    public static IStreamUsageBuilder AddSqliteOutbox(
        this IStreamUsageBuilder builder, string path, Action<SqliteOutboxOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var options = new SqliteOutboxOptions();
        configure?.Invoke(options);
        options.Validate();
        path = Path.GetFullPath(path);
        if (builder.Services.Any(service => service.ImplementationInstance is OutboxRegistration other && other.Path == path))
        {
            throw new ArgumentException($"Another tracker has the outbox {path}.", nameof(path));
        }

        builder.Services.AddSingleton(new OutboxRegistration(builder.Name, path, provider => new SqliteOutbox(
            path,
            options,
            provider.GetService<ILoggerFactory>()?.CreateLogger("StreamUsage.Sqlite"),
            provider.GetService<TimeProvider>() ?? TimeProvider.System)));
        return builder.DeliverInBackground();
    }

    /// <summary>Adds a sink with one row per record. A record with the id of an earlier one replaces it, unless it is
    /// the last state before a crash.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="path">The file. Its folder is created if it is missing.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="path"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public static IStreamUsageBuilder AddSqliteStore(this IStreamUsageBuilder builder, string path)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSink(new SqliteUsageStore(path));
    }
}
