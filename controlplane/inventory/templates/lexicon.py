"""Words met in the paths of web APIs: general knowledge, never mined from a customer's or a benchmark's traffic.

Sources, as bare words: the operation and resource names of the public Google discovery documents and
of the AWS service models in botocore (how many of the ~1,000 services use a word decides its tier),
and a hand-written list of everyday API nouns and verbs. First names come from general knowledge.
"""

_FREQUENT = """
accept access account accounts acl action actions activate active activities activity add address addresses
admin agent agents aggregate alias aliases all alpha analysis analytics analyze and api app application
applications apply approval approve apps archive artifact artifacts assessment asset assets assignments
associate associated association associations async attach attachment attachments attribute attributes auth
authorization authorizations auto availability available aws backup backups batch beta billing bindings
bucket buckets bulk cache campaign campaigns cancel capacity cases catalog categories center certificate
certificates change channel channels check checks clear client clients clone cloud cluster clusters code
collection collections command commit complete component components compute config configs configuration
configurations configure connect connection connections connector connectors contact content context control
controls conversion copy count create credentials custom customer customers dashboard data database
databases dataset datasets deactivate default definition definitions delete deletion deploy deployment
deployments deregister describe destination destinations detach details device devices directory disable
disassociate discovered dns document documents domain domains download effective email enable encryption
endpoint endpoints engine enrollment entities entitlements entity entries environment environments evaluate
evaluation evaluations event events execute execution executions export exports external failover feedback
fetch file files filter filters find finding findings fleet flow flows folders for forecast from function
functions gateway gateways generate generation get global google grant grants group groups health history
host iam identities identity image images import imports index indexes info initialize insert insight
insights instance instances integration integrations inventory invitation invitations invoke items job jobs
key keys label labels license lifecycle limit limits link linked links list lists location locations lock
log logging logs lookup maintenance managed management map mapping mappings media member members membership
memberships message messages metadata metric metrics migration model models modify monitor monitoring move
name names namespace namespaces network networks node nodes notification notifications number object
offering offerings open operation operations options organization organizations outbound packages parameter
parameters partner password patch pause pending permission permissions phone pipeline pipelines plan plans
platform point points policies policy pool pools post preferences preview principal private product products
profile profiles project projects promote properties protection provider providers provision public publish
purchase push put queries query queue quota rate read reboot recommendation recommendations record records
refresh region regions register registration registrations registry reject release remove replace replica
replication report reports repositories repository request requests reservation reservations reset resolve
resource resources response restart restore result results resume retention retrieve retry revision
revisions revoke role roles rollback rotate route routes rule rules run runs runtime sample scaling scan
schedule scheduled schedules schema schemas scope scopes search secret security segments send series server
servers service services session sessions set sets settings setup share shared shares sign sites snapshot
snapshots software source sources spaces sql stage start state states statistics stats status statuses step
steps stop storage store stores stream streaming streams submit subnet subscribe subscription subscriptions
summaries summary supported suspend sync system table tables tag tags target targets task tasks template
templates terminate test text time token tokens topics traffic transfer type types undelete units untag
update updates upgrade upload url usage user users validate validation value values verification verify
version versions view views virtual volume vpc wait watch web with workflow workflows workload workspace
workspaces write zones
"""
FREQUENT = frozenset(_FREQUENT.split())
"""Used by at least ten public services."""

_EVERYDAY = """
acknowledge addon addons adjustment adjustments admins ads after alert alerts allocation allocations amount
ancestors annotation annotations announcement annual answers apikeys appointment appointments approvals
article articles assignee assignees assignment attendee attendees audience audiences audio audit
authentication authorised authorize avatar azure balance balances bank banks banner basket baskets batches
before between bids bills blob blobs block blocks board boards booking bookings bookmark bookmarks bot bots
branch branches brand brands breakdown budget budgets businesses by calculate calendar calendars callback
callbacks calls capture card cards carrier carriers cart carts category challenge changes charge charges
chat chats checkout checkouts children choices city claim claims classify close codes collaborators columns
comment comments commits companies company compare completion completions confirm confirmation consent
consents console consumer consumers contacts contents contract contracts conversation conversations convert
cost costs counters countries country coupon coupons course courses credential credit credits crm cron csv
currencies currency current cursor daily dashboards date day deal deals debit decline decrypt deliveries
delivery deny department departments deposit deposits descendants diff direct discount discounts discussion
discussions dismiss dispatch dispute disputes distributions downloads draft drafts droplets duplicate
earliest edit emails embed emoji employee employees encrypt enroll entry error errors estimate estimates
exchange expense expenses experiments expire extend extensions factors favorites feature featured features
feed feeds fees field fields finalize finance finish firewall firewalls first flag flags flights folder
follow followers following forgot forks form forms forum forward freeze friends fulfil fulfillments fund
funds games gcp geo gists github gitlab goals graph graphql guests head healthz heartbeat help holidays home
hook hooks hosts hotels hour hourly hours html icon icons id ignore inbox incident incidents increment
install installation installations interactions internal into invalidate invite invites invoice invoices
issue issues item join journal journals json jwks jwt keywords known languages last latest launch ldap lead
leaderboard leads leaf leave leaves ledger legal lessons level levels licenses like likes line lines lint
listings live livez load loan loans local locale locales login logins logout machines mail mailboxes manage
maps mark market markets match matches me medications meetings menu menus merchant merchants merge meta
meter meters method methods mfa migrations milestone milestones mine minute mode moderation modules monitors
month monthly movies mutate mute nearby news next note notebooks notes notify oauth oauth2 objects offer
offers office offset oidc onboard openid opportunities order orders org organisation organisations orgs
origin origins otp outbox output outputs overview own owner owners package page pages parent parents
participants partners passwords patients pay payees payment payments payout payouts paypal payroll payslip
pdf people period periods person persons phones photo photos pin ping pins places playback player players
playlists plugins png poll polls popular portal portals positions posts preauthorize prepare prescriptions
prev previous price prices pricing print process program programs progress prolong promotion promotions
property proxy pull pulls purchases purge quarterly question questions queues quiz quotas quote quotes rates
rating ratings reaction reactions reactivate readyz realtime recalculate receipt receipts recent recipes
recipients reconcile recover recurring redeem redirect refund refunds regenerate reindex related releases
reminder reminders rename renew reopen reorder replay replies reply repos resend return returns revert
review reviewers reviews reward rewards risk room rooms root rows rss runners salary sales saml sandbox save
scans scim score scores scripts seats secrets section sections self sell seller sellers sensors settlement
settlements shifts shipment shipments shipping shop shops siblings signature signatures signin signout
signup similar simulate site sitemap size skip sku skus slack slots sms snooze social sort space spec split
sso staff stages standings star stars stat statement statements static stock stories stripe students
subaccounts submission submissions subscriber subscribers suggest suggestions sum supplier suppliers support
survey surveys svg swap syncs tail tax taxes team teams tenant tenants terminal terminals terms tests theme
themes thread threads threats ticket tickets tiers timeline timeoff timers timesheets timezones today toggle
tools top topic totals totp tracking tracks trades transaction transactions transfers transition translate
translations trash tree trees trending trends trial trigger triggers trim trips two unarchive unassign
unblock unfollow unfreeze uninstall unlink unlock unpin unpublish unread unregister unsnooze unstar
unsubscribe uploads upsert urls userinfo variables variant variants vault vehicles vendor vendors
verifications video videos viewers visitors visits vm vms void voip volumes vote votes wallet wallets
warehouse warehouses watchers weather webhook webhooks week weekly well widget widgets wiki windows withdraw
withdrawals word words work workers xml yaml year yearly zone
"""
EVERYDAY = frozenset(_EVERYDAY.split())
"""Everyday nouns and verbs of business APIs, hand-written."""

_KNOWN = """
abandon abort accelerator accessors achievements acquire activation additional administrator advance
advanced advertiser aggregated aggregation agreement agreements alarm algorithm algorithms allocate allowed
analyses analyzer android annotate announcements anomalies anomaly answer apis append archives assertion
assessments assign assistant assistants assume attached attestation attribution authorities authority
authorized authorizer authorizers automated automatic automation automations backend backfill balancer
balancers base based baseline bases batchget batchupdate begin bidders bidding bind binding blocker blocking
blueprint blueprints books boundary bridge browser browsers build builds bundle bundles buses business
buyers caches call caller cancellation capabilities capability case catalogs changelogs child cidr class
classification cmek collect collectors column commands commitments compatibility compatible compliance
composite composition conditions configured connectivity constraint constraints container containers
contexts continue continuous controllers conversions core cors counts coverage crash created creation
creatives cross cse csr curated customization datasources datastore datastores debug decrease dedicated
delegate delegated delegation demand dependencies deployed deprecate deprovision description detail detailed
detect detection detections detector detectors dev developer dimension dimensions directories disconnect
discover discovery disk disks dissociate distribute distribution dkim domainnames drifts edge eligible
enabled end engagement engines enrichment enterprise enterprises entitlement enumerate examples exclusion
exclusions experiment expiration explain express expression extended extension facets failure fast
federation firebase fleets flex flush force formation forwarding frames framework free fulfillment game
generated generations generative git glossaries glossary goal governance grouping guardrail guardrails guest
hash headers holds hosted hsm http hub hubs human hybrid identifier idp ids imported inbound increase
indexing indices inference information ingest ingestion ingress initiate inline input inputs inspection
integrity intent intents interface interfaces inventories investigation investigations invocation
invocations ips iterator keyword kms knowledge labeling lake lambda language layer layers layout
leaderboards lease legacy library lineage listener listeners listing long mac machine manager managers
manifest manual marketplace master material max mcp measurement memories memory migrate mobile modifications
module monitored mount multi multicast multipart multiple named nat nfs not notebook now numbers objectives
observation observations offline onboarding online opt optimization optimize option orderable organizational
origination out outpost override overrides ownership pack paid pair pairs part participant partition
partitions parts party path paths patient pattern peer peering peerings peers perform performance persistent
place placement placements platforms pod port portfolio position predict prediction predictions preference
prefix presigned previews primary principals processes processing processor producer prompt prompts proposal
proposals protected provide provisioned provisioning published publisher publishers quality queued quick
random range ranges raw rebuild recall receive received recipe recognize recommend recommended recommender
recommenders recording recovery redact reference references refs regex regional registries relationships
remarketing remediation remote removal render renewal repair replicas replicate reputation requirements
reschedule reserved resize resolved resolver resolvers resourcepolicy responses rest retrieval reverse
revocation revocations rollout rollouts rotation router routers routing ruleset rulesets runtimes safety
sampled saved sbom scenarios scheduling script sdk segment select sending serial serverless serving setting
shard sharing show signal signals signed signing sinks sitemaps sizes slot smart solution solutions speaker
specs ssh ssl stack stacks standby strategies strategy studies studio style sub subjects subnets subscribed
success suggestion suppression switch switchover systems tagging targeting tcp telemetry term termination
thing things third threat thumbnail thumbnails tier tile tiles tls trace train training transform transit
trials trust trusted tune tuning tunnel turn undeploy unenroll unit unshare updated uri usable use
utilization valid vaults verified violations visibility vocabulary voice voices vpn vulnerability window
without worker workforce workloads
"""
KNOWN = frozenset(_KNOWN.split())
"""Used by three to nine public services."""

_RARE = """
abac accepted accesses accessible accessor achievement acls acme activated activations actor adapter
adapters adclients adcode adunits advertise advertised advertisers advisor aggregates aggregations
aggregator aggregators airflow alarms alexa allow analyzed ancestry anonymous anywhere applied assist attack
attempts attributions authz autocomplete autonomous autoscaling backends background bandwidth bans barcode
baselines bearer bill billable bitbucket blacklist blue bootstrap borrow branding broker brokers buffer
built builtins byoip byte calculated candidates cells certs challenges character chrome chunks cidrs classes
classifier classifiers cleanup clones collaboration collaborations collector commitment common communication
comparisons compilation compliances compose concurrency conditional conflicts connects contributors
controller conversational converse cookie creative creds criteria crypto curators customchannels
customizations cutover dataflow datalake dates dead deauthorize decapsulate decode deep defaults define
deidentify delegates deliverability demote descriptor descriptors destroy developers dhcp diagnose
diagnostic dial dicom dictionary disassociation discoveries display dnssec documentation drop dynamic early
edits emergency emissions enablement enforcement engagements enhanced enrichments escalate evaluators evict
exadata exadb example exascale exceptions executors experience experiences expiry explainability expressions
externally extraction failed failures families family fhir filtered finalized flight floodlight frame
frameworks full generators generic glue glyphs governed graphs green greengrass grpc handshake handshakes
harness harnesses harvest hashes header heatmap hide historical histories hold https ideas impact
impressions improvements incoming infos infrastructure infrastructures ingestions inject injection inspect
installed installer instructions interconnect interconnects interests internet interpreter interpreters
interrupt introspect ipam issuer issuers jobruns journey journeys kinesis knowledgebases lags lakehouse
lakes landing layouts lens letter linkable listen locks logger loggers logical loss loyalty major make
malware manifests mapper matching materialized materials matrix medical meeting meshes microsoft minor
mirroring moderators modification monetization nameservers negative negotiation neighbors occurrences ontap
opted optimal optimizer ordering orgunits outgoing outposts packaging packs patterns peered persona personal
phrase pickup plane plannable planners play plugin populate ports predictive pretargeting printer priority
privacy probe problems processors profiling propagation protections proxies publications rank ranking rapid
reach reachability readiness realms reasoning recaptcha recreate recycle redshift reencrypt referrers
registered reimage rejoin relationship reload replacement replays replications reporting requirement reserve
resiliency resolution respond responsibility restores restriction reusable reveal revenue rings rotations
rubrics running saas samples sampling savings scenario scheduler screenshot scribe searchanalytics searches
seek selection sentiment sequence sequences servicerole shapes shell shielded shrink simulations single
skills slottypes snippet spam spans specifications speech sprites staging standards statistic stopping
stored string subnetworks suggested suite suites synchronization synonym syntax synthesize targeted
taxonomies tenancy testers testing throughput tiering tone tool topology traces track tracker trackers
transcription transcripts transformation transformer triggeraction troubleshoot tunes tunnels unclaim unhide
unique untrash upgrades uris urlchannels utterance utterances validations validators variable vcenter vector
vectors versioning viewer violating violation vmware vocabularies vpclinks vpcs vulnerabilities warm warmup
what when workerpools youtube
"""
RARE = frozenset(_RARE.split())
"""Used by two public services."""

_FIRST_NAMES = """
aaron adam ahmed alan albert alex alexander ali alice alicia allison amanda amber amy andrea andrei andrew
angela anita anna anne anthony antonio ashley austin barbara benjamin beth betty beverly bobby boris bradley
brandon brenda brian brittany bruce bryan carl carlos carol caroline carolyn catherine charles chen cheryl
chris christian christina christine christopher cindy claire craig crystal cynthia daniel danielle danny
david dawn deborah debra denise dennis derek diana diane dmitri donald donna dorothy douglas dylan edward
elena elizabeth ellen emily emma eric erica erin ethan eugene eva evan evelyn fatima frances frank gabriel
gary george gerald gina giovanni giulia gloria gregory hannah hans harold harry heather helen henry hiroshi
holly howard ian igor ines isaac isabella ivan jack jacob jacqueline jake james jamie jan jane janet janice
jason javier jean jeff jeffrey jenna jennifer jeremy jerry jesse jessica jill jim jimmy jin joan joe joel
john johnny jonathan jordan jorge jose joseph joshua joyce juan judith judy julia julie justin jürgen karen
karl katherine kathleen kathryn kathy katie keith kelly kenneth kevin kim kimberly kofi kyle larry lars
laura lauren leah lee leila leonard leslie li lin linda lindsey ling lisa logan lori louis lucas lucy luis
luke lynn madison magda marco marcus margaret maria marie marilyn marissa martha martin mary mason mateo
matthew megan mei melanie melissa michael michelle miguel mike mohamed monica muhammad nancy natalie natasha
nathan nicholas nicole nikolai noah nora olga oliver olivia omar oscar pablo pamela patricia patrick paul
paula pedro peggy peter philip phillip pierre priya rachel raj ralph randy ravi raymond rebecca regina
reginald renee richard rick ricky robert robin rodney roger ronald rosa rose roy russell ruth ryan sabrina
samantha samuel sandra sanjay sara sarah scott sean shannon sharon shawn sheila shelly sherry sofia sophia
stacey stacy stanley stephanie stephen steve steven stuart sue susan suzanne sven sylvia tamara tammy tanya
tara tatiana taylor teresa terry theresa thomas tiffany tim timothy tina todd tom tommy tony tracy travis
troy tyler valerie vanessa veronica vicki victor victoria vincent virginia walter wanda wang wayne wei wendy
wesley whitney william yan yuki zachary zhang zoe
"""
FIRST_NAMES = frozenset(_FIRST_NAMES.split())
"""Common first names: a segment holding one is a value."""
