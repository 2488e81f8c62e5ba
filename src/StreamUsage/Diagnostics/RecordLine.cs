using System.Collections;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Represents a log line of named parts, which are also its structured fields. Parts without a value are left
/// out.</summary>
internal sealed class RecordLine : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly List<KeyValuePair<string, object?>> _fields = [];
    private readonly StringBuilder _text = new();

    public int Count => _fields.Count;

    public KeyValuePair<string, object?> this[int index] => _fields[index];

    /// <summary>Returns the common parts of the summary and error lines of a record.</summary>
    public static RecordLine Of(UsageRecord record, TokenUsage usage)
    {
        UsageContext context = record.Context;
        return new RecordLine()
            .Add("RequestId", context.RequestId, "Response {0}")
            .Add("Status", record.Status, "{0}", " ") // The next bracket closes with the duration, which is always there.
            .Add("Outcome", record.Outcome, "({0}", " ")
            .Add("StatusCode", record.StatusCode, "{0}")
            .Add("ErrorType", record.ErrorType, "{0}")
            .Add("DurationMilliseconds", (long)record.Duration.TotalMilliseconds, "after {0} ms", ") ")
            .Add("InputTokens", usage.InputTokens, "input {0}", ": ")
            .Add("CacheReadInputTokens", usage.CacheReadInputTokens, "cache read {0}")
            .Add("CacheCreationInputTokens", usage.CacheCreationInputTokens, "cache creation {0}")
            .Add("InputSource", record.InputSource, "({0})", " ")
            .Add("OutputTokens", usage.OutputTokens, "output {0}")
            .Add("OutputSource", record.OutputSource, "({0})", " ")
            .Add("Cost", record.Cost?.Total, $"cost {Decimals(record.Cost?.Total)}")
            .Add("ReportedCost", record.ReportedCost, $"reported cost {Decimals(record.ReportedCost)}")
            .Add("Provider", context.Provider, "provider {0}")
            .Add("Model", record.ResponseModel ?? context.Model, "model {0}")
            .Add("Protocol", record.Protocol, "{0}")
            .Add("ApiKeyId", context.ApiKeyId, "key {0}")
            .Add("Anomalies", record.Anomalies == UsageAnomalies.None ? null : record.Anomalies, "anomalies {0}")
            .Add("RecordId", record.Id, "record {0}");
    }

    // The field keeps every digit; the text shows four decimals from one cent up, and six below.
    private static string Decimals(decimal? amount) => amount >= 0.01m ? "{0:F4}" : "{0:F6}";

    /// <summary>Adds a part if it has a value.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="value">The value; null for none.</param>
    /// <param name="format">The text, with {0} for the value.</param>
    /// <param name="separator">The text before this part.</param>
    public RecordLine Add(string name, object? value, string format, string separator = ", ")
    {
        if (value is null or "")
        {
            return this;
        }

        value = value is string text ? LogText.Escape(text) : value; // Ids, models and error types are external.
        _fields.Add(new(name, value));
        _text.Append(_text.Length == 0 ? "" : separator).AppendFormat(
            CultureInfo.InvariantCulture, format, value is DateTimeOffset time ? time.ToString("O", CultureInfo.InvariantCulture) : value);
        return this;
    }

    public void Write(ILogger logger, LogLevel level, EventId id, Exception? fault = null) =>
        logger.Log(level, id, this, fault, static (line, _) => line.ToString());

    public override string ToString() => _text.ToString();

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
