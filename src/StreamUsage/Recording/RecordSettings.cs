using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>Represents the options that a tracker's records depend on, at the time the tracker was created.</summary>
internal sealed record RecordSettings(
    CapturedContent Capture,
    long MaxCapturedBytes,
    bool ThrowOnUnreadableStream,
    HeaderRedaction Redaction,
    ITokenEstimator Estimator,
    int MaxRequestBodyBytes,
    IUsagePricing? Pricing)
{
    public bool CapturesHeaders => (Capture & CapturedContent.Headers) != 0;

    public bool CapturesRequestBody => (Capture & CapturedContent.RequestBody) != 0;
}
