using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Pricing;

namespace StreamUsage.Recording.Building;

/// <summary>Estimates and prices a request's input before it is sent.</summary>
internal static class RequestQuote
{
    private static readonly CharacterTokenEstimator BasicRule = new();

    /// <summary>Returns the quote. If the estimator fails, the basic rule counts; if the pricing fails, there is no
    /// price.</summary>
    public static UsageQuote Of(UsageContext context, RecordSettings settings, DateTimeOffset now)
    {
        long inputTokens = CountInput(context, settings);
        try
        {
            UsageContext dated = context.RequestStartedAt is null ? context with { RequestStartedAt = now } : context;
            if (settings.Pricing?.Quote(dated, inputTokens) is { } quote)
            {
                return quote;
            }
        }
        catch (Exception)
        {
            // A quote reports no faults. If the request is sent, its record does.
        }

        return new UsageQuote { InputTokens = inputTokens, MaxOutputTokens = RequestLimits.Read(context.RequestBody.Span).MaxOutputTokens };
    }

    private static long CountInput(UsageContext context, RecordSettings settings)
    {
        ReadOnlyMemory<byte> body = context.RequestBody;
        if (body.IsEmpty || body.Length > settings.MaxRequestBodyBytes)
        {
            return CharacterTokenEstimator.Tokens(body.Length);
        }

        try
        {
            return Math.Clamp(settings.Estimator.EstimateInputTokens(context.ApiFormat, context.Model, body), 0, CountText.MaxCount);
        }
        catch (Exception)
        {
            return BasicRule.EstimateInputTokens(context.ApiFormat, context.Model, body);
        }
    }
}
