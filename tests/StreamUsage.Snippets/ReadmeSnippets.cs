using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class ReadmeSnippets
{
    public static void Container(WebApplicationBuilder builder)
    {
        #region container
        builder.Services.AddStreamUsage().AddSink<UsageDbSink>().DeliverInBackground();
        builder.Services.AddHttpClient("models").AddUsageTracking();
        #endregion
    }
}
