using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class OperatingSnippets
{
    public static void Health(WebApplicationBuilder builder)
    {
        #region health
        builder.Services.AddHealthChecks().AddStreamUsage(maxRecordAge: TimeSpan.FromMinutes(2), maxPriceTableAge: TimeSpan.FromDays(7));
        #endregion
    }
}
